variable "api_key" {
  type =	string
   sensitive   = true
  default   = "for this page only"
   }

	service   "checkout"   {
       function {
       function_name   =   "checkout-${self.key}"

environment {
variables = {
        API_KEY	=	var.api_key
       TOKEN = sensitive(getenv("TOKEN",	""))
}
}
  }

  artifact	"local"	{
	path   = "src"
       }
}
