output"name" {
   depends_on    = release.checkout["dev"].alias.live.arn# note
value    =  12
description =  each.value
sensitive =  service.x
precondition {
condition =  true
 error_message =  [  for a in local.b : a.c if  a.d]
 }
       }
