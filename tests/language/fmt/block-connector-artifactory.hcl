connector"artifactory" "name" {
for_each = -1
name = [  "a", "b"]  
   description    =    var.a == 1 ?"b" :"c"
 labels    =    var.list[*].id  
url  = "${var.a  }-${  local.b}"
 username = release.checkout[  "dev"].alias.live.arn      # note
       password = 12
       token = each.value  
headers =    service.x  
 ca_file  =    true
timeout =  [for    a in  local.b: a.c  if a.d]
 }
