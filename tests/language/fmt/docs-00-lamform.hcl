lamform	{
       project	= "payments"
   default_tags	=	{   ManagedBy	=   "lamform" }
}

 connector   "aws" "main" {
  region   = "eu-west-1"
   }

environment "dev"   {
	type =   "PreProduction"
	variables   = {	stage	=   "dev" }
       }

environment "prod" {
  type	= "Production"
  variables	=   { stage   = "prod" }
}

 infrastructure "main" {
       for_each	= { dev   =	environment.dev, prod   =   environment.prod }
  environment   = each.value
       connector   =	connector.aws.main
region	=   "eu-west-1"
}

 service   "checkout" {
 function {
function_name   =	"checkout-${self.environment.variables.stage}"
runtime = "python3.13"
 handler = "app.handler"
    role	=   "arn:aws:iam::123456789012:role/checkout"
    tags = {	Team   =	"payments"	}
  }

  artifact   "local" {
   path =	"src"
  }

  alias   "live" {
 description =   "production traffic"
}
}

 release   "checkout" {
   for_each	= infrastructure.main
service = service.checkout
infrastructure = each.value
}

output "functions" {
	value =   { for key, release in release.checkout :	key => release.function.arn }
}
