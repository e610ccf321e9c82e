lamform {
  project = "shop"
}

connector "aws" "main" {
  region = "eu-west-1"
}

environment "dev" {
  type = "PreProduction"
}

infrastructure "dev" {
  environment = environment.dev
  connector   = connector.aws.main
  regoin      = "eu-west-1"
}

service "checkout" {
  function {
    function_name = "checkout"
    runtime       = "pyton3.13"
    handlr        = "app.handler"
    role          = "arn:aws:iam::123456789012:role/checkout"
    memorySize    = 256
    filename      = "build/checkout.zip"

    enviroment {
      variables = { STAGE = "dev" }
    }
  }

  artifact "locl" {
    path = "src"
  }
}

release "checkout" {
  service        = service.checkout
  infrastructure = infrastructure.dev
}
