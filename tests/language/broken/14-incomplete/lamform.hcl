lamform {}

environment "dev" {
  type = "Development"
}

infrastructure "dev" {
  environment = environment.dev
}

service "checkout" {
  function {
    runtime = "python3.13"
  }
}

release "checkout" {
  service = service.checkout
}

servce "cart" {
  function {
    function_name = "cart"
  }
}

release "cart" {
  service        = service.cart
  infrastructure = infrastructure.dev
}
