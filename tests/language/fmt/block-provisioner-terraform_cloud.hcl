provisioner"terraform_cloud"   "name"   {
 for_each  =  release.checkout["dev"].alias.live.arn      # note
   connector  =    12
   name    = each.value
description  =  service.x
 labels = true
on_failure = [for  a in local.b :a.c    if    a.d]  
       organization = "arn:aws:iam::123456789012:role/x"
workspace =    null      # note
variables  =    !var.off   && local.on  
 }
