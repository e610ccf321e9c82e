locals {
  team = "shop"
  team = "payments"
}

service "checkout" {
  function {
    function_name = "checkout-2"
    runtime       = "python3.13"
    handler       = "app.handler"
    role          = "arn:aws:iam::123456789012:role/checkout"
  }

  artifact "local" {
    path = "src"
  }

  alias "live" {}
  alias "live" {}
}
