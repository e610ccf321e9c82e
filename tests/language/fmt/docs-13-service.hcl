service   "checkout"   {
  function {
    function_name = "checkout-${self.key}"
       }

 artifact "local" {
path =   "src"
}

	dynamic "alias" {
   for_each = toset(["blue",   "green"])
       iterator	=	colour
 labels   =   [colour.value]

       content {
	description	=   "the ${colour.value} half"
	}
  }
   }
