connector   "http""name" {  
       for_each = [  "a"  , "b"]
name    =  var.a ==1 ? "b": "c"
       description  =    var.list[*].id  
 labels  =    "${var.a}-${local.b}"  
url    =    release.checkout["dev"].alias.live.arn      # note
username = 12
password  =  each.value
 token    =    service.x  
headers  = true
   ca_file = [for    a  in local.b   :a.c if    a.d]
       timeout = "arn:aws:iam::123456789012:role/x"
   }
