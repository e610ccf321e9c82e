connector   "git""name" {
for_each = {   a    =  1, "b" =  local.b }
   name = {   for  k, v  in var.m : k  => v...}
 description = "text"      # note
labels  =    self.key
       url =  -1
username    =  ["a","b"]
password  =  var.a == 1 ? "b":"c"
       token = var.list[*].id
headers  =  "${var.a  }-${  local.b}"
   ca_file = release.checkout[  "dev"].alias.live.arn      # note
   timeout =    12
ssh_key_file =    each.value  
   known_hosts_file =    service.x  
 }  
