provisioner "terraform" "name"   {
for_each    = var.a  == 1 ? "b" :   "c"
       name = var.list[*].id  
 description =  "${var.a}-${local.b}"
   labels = release.checkout["dev"].alias.live.arn      # note
       on_failure = 12
   dir    = each.value  
workspace  = service.x
       var_files = true  
       variables    =    [  for    a in local.b: a.c  if  a.d]  
 backend_config =  "arn:aws:iam::123456789012:role/x"
 environment  =  null      # note
       binary = !var.off &&    local.on
       }
