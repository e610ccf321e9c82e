moved{  
   from  =    true
   to = [for a  in    local.b:a.c if a.d]
   }  
