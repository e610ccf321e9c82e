provisioner "shell" "name" {
   for_each =    12
name    =  each.value
description =  service.x
 labels =  true
on_failure  = [for a    in    local.b   : a.c if  a.d]
 script    = "arn:aws:iam::123456789012:role/x"
   file    = null      # note
 environment =  !var.off&& local.on
timeout    = var.x
 }
