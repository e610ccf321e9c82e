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
  region      = "eu-west-1"
}

variable "log_level" {
  default = "info"
  allowed_values = ["debug", "info"]
}

service "checkout" {
  function {
    function_name = "checkout"
    runtime       = "python3.13"
    handler       = "app.handler"
    role          = "arn:aws:iam::123456789012:role/checkout"
  }

  artifact "local" {
    path = "src"
  }
}

release "checkout" {
  service        = service.checkout
  infrastructure = infrastructure.dev
}
