# Two services, three environments, two regions: twelve releases.

 lamform	{
  project	=   "shop"
	default_tags =	{ ManagedBy = "lamform" }
   }

variable	"regions" {
 type = set(string)
  default =	["eu-west-1",	"us-east-2"]

  validation	{
condition   =	length(var.regions) >   0
error_message = "At least one region is needed."
}
       }

connector	"aws" "main"   {
	for_each	= { dev =	"111111111111", staging = "222222222222", prod = "333333333333"	}
  region	= "eu-west-1"

   assume_role {
    role_arn	=   "arn:aws:iam::${each.value}:role/deploy"
   }
	}

# To promote the api from dev to prod, give its api_version to the next environment.

	environment   "dev"	{
	type   = "PreProduction"
       variables = {	stage =	"dev", api_version =   "1.5.0" }
 }

environment "staging"   {
       type   =   "PreProduction"
       variables   = { stage = "staging", api_version	=   environment.dev.variables.api_version }
}

environment "prod"	{
 type =   "Production"
	variables	= { stage = "prod",	api_version	=	"1.4.2" }

       override   "api" {
       variables   =   { memory	= 1024 }

	function {
       timeout   = 30
 tags	= {   OnCall =	"yes" }
 }
       }
   }

       infrastructure "main"   {
  for_each	=	{
    for	pair   in setproduct(["dev",   "staging", "prod"], var.regions)	: join("-", pair)   =>   pair
  }

 environment	=   environment[each.value[0]]
  connector	= connector.aws.main[each.value[0]]
 region = each.value[1]
	}
