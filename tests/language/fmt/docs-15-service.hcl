service "checkout" {
  variables = { memory = 256, greeting   = "hello from ${self.variables.memory} MB" }

   function	{
    function_name   =   "checkout-${self.key}"
	memory_size   =   self.variables.memory
 description =   self.variables.greeting
       }

   artifact "local"   {
    path	= "src"
  }
	}

       environment	"prod"	{
type	=   "Production"
	variables   =	{	stage =	"prod" }

 override "checkout" {
    variables =   {	memory = 1024 }
	}
}
