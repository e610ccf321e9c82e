service "checkout" {
	function {
 function_name	= "checkout"
    runtime =	"python3.13"
 handler	= "app.handler"
       role = "arn:aws:iam::111111111111:role/checkout"
 memory_size = 64
    kms_key	=	"alias/x"
   }

 artifact "local" {
    path   = "src"
  }
}

release "checkout"	{
  service   =   service.chekout
       infrastructure	=	infrastructure.main
       }

release "second" {
   service =	service.checkout
       infrastructure	= infrastructure.main
}
