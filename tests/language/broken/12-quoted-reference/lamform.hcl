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

variable "role" {
  default = "arn:aws:iam::123456789012:role/checkout"
}

service "checkout" {
  function {
    function_name = "checkout"
    runtime       = "var.runtime"
    handler       = "app.handler"
    role          = "var.role"
    memory_size   = "var.memory"
  }

  artifact "local" {
    path = "src"
  }
}

release "checkout" {
  service        = "service.checkout"
  infrastructure = "dev"
}

release "nightly" {
  for_each       = toset(["a", "b"])
  service        = checkout
  infrastructure = "${infrastructure}"
}

release "weekly" {
  service        = service.checkout
  infrastructure = infrastructure.dev
}
