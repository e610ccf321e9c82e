service   "greeter" {
function   {
	function_name	=   "greeter-${self.environment.variables.stage}"
 runtime =   "python3.13"
	handler = "app.handler"
    role	= local.role
memory_size =	var.memory

	environment {
      variables	=   {
       STAGE = self.environment.variables.stage
       GREETING =   self.environment.variables.greeting
      }
 }

    tags =   {
      Team   =   local.team
      Stage   = self.environment.variables.stage
       }
	}

 artifact	"local"	{
    path = "src"
       }

 alias   "live" {
    description = "what callers use"
}

	alias "next"   {
    description   =   "what testers use"
}
   }

   release   "greeter"	{
  for_each =   infrastructure.main
 service = service.greeter
  infrastructure	= each.value
   }

output "live" {
	value =	{ for key,	release	in release.greeter : key => release.alias.live.arn }
}
