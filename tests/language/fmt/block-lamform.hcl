lamform{
 required_version =    self.key  
   project    = -1
default_tags    = [  "a"  ,   "b"]
   ownership_tag  = var.a == 1 ?"b":"c"
   backend"sqlite" {
       path =    var.list[*].id  
       }
 backend"memory"{  
 }
   backend   "s3"{
 bucket =  "${  var.a}-${local.b}"  
       prefix    = release.checkout[  "dev"].alias.live.arn# note
   region    = 12
 kms_key_id  = each.value  
       endpoint_url = service.x  
 use_path_style    = true  
profile  =    [for a in local.b:   a.c if    a.d]

       assume_role {  
 role_arn =    "arn:aws:iam::123456789012:role/x"
       external_id =    null# note
   session_name  = !var.off   &&    local.on  
 session_tags    =  var.x
       duration  =    upper("x")
}
}
policy"name" {
 command =  0.5
}
 }
