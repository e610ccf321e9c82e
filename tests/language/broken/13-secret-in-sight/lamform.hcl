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

variable "password" {
  type      = string
  sensitive = true
  default   = "hunter2-hunter2"
}

service "checkout" {
  function {
    function_name = "checkout-${var.password}"
    runtime       = "python3.13"
    handler       = "app.handler"
    role          = "arn:aws:iam::123456789012:role/checkout"
    memory_size   = var.password
    environment   = { variables = { PASSWORD = var.password, PORT = var.password + 1 } }
  }

  artifact "local" {
    path = "src"
  }
}

release "checkout" {
  service        = service.checkout
  infrastructure = infrastructure.dev
}

output "password" {
  value = "it is ${var.password}"
}
