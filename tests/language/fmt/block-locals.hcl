locals{
 a    = 1
       bcd =    "${var.a}-${local.b  }"  
   }
