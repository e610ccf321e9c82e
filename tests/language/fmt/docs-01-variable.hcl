variable "state" {
   type =	string
       default	=	"state/payments.db"
}

	lamform {
required_version	= "~> 0.1"
       project	=	"payments"

  backend "sqlite"	{
   path = var.state
   }
}
