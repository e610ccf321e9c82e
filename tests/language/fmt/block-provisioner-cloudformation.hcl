provisioner"cloudformation""name"   {
for_each = var.x
connector  = upper("x"  )
 name    =  0.5
 description = { a  = 1, "b"    = local.b   }  
   labels    = { for  k  ,   v  in    var.m :k    =>v...}
       on_failure = "text" # note
       region    = self.key
stack_name    = -1
template_file    =  [  "a","b"]
parameters =  var.a  ==1 ? "b" : "c"
   capabilities =  var.list[*].id  
tags =    "${  var.a  }-${local.b}"
 role_arn = release.checkout[  "dev"].alias.live.arn# note
 }
