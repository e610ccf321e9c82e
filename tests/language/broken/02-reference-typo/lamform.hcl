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
}

locals {
  names = { checkout = "shop-checkout", cart = "shop-cart" }
}

service "checkout" {
  variable "stage" {
    default = "dev"
  }

  function {
    function_name = local.names["chekout"]
    runtime       = "python3.13"
    handler       = "app.handler"
    role          = "arn:aws:iam::123456789012:role/${locals.names.checkout}"
    description   = "${uper(self.variables.stge)} in ${self.enviroment.name}"
    environment   = { variables = { LOG_LEVEL = var.loglevel, STAGE = dev } }
  }

  artifact "local" {
    path = "src"
  }
}

release "checkout" {
  service        = service.checkout
  infrastructure = infrastructure.dev
}

release "nightly" {
  service        = service.chekout
  infrastructure = infrastructre.dev
}

output "arn" {
  value = release.checkout.function.ar
}
