variable	"stage" {
 default   =	"dev"
}

       connector   "aws" "main"   {
  region	= "us-east-2"
}

       environment "dev" {
  type   = "Prod"
  variables   =	{ stage =   var.stge	}
   }

 infrastructure "main"	{
environment =	environment.dev
  connector = connector.aws.main
  regoin = "us-east-2"
}
