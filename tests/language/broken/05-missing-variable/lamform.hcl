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

variable "account_id" {
  type        = string
  description = "The account that the role is in."
}

service "checkout" {
  variable "stage" {
    type     = string
    required = true
  }

  function {
    function_name = "checkout-${self.variables.stage}"
    runtime       = "python3.13"
    handler       = "app.handler"
    role          = "arn:aws:iam::${var.account_id}:role/checkout"
  }

  artifact "local" {
    path = "src"
  }
}

release "checkout" {
  service        = service.checkout
  infrastructure = infrastructure.dev
}
