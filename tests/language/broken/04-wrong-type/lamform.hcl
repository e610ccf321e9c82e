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

variable "retries" {
  type    = number
  default = "three"
}

variable "sizes" {
  type    = map(number)
  default = { dev = 64, prod = 1024 }
}

locals {
  stages = ["dev", "prod"]
  double = local.stages * 2
  label  = "stages: ${local.stages}"
  first  = local.stages.first
  joined = join("-", var.sizes)
}

service "checkout" {
  function {
    function_name = "checkout"
    runtime       = "python3.13"
    handler       = "app.handler"
    role          = "arn:aws:iam::123456789012:role/checkout"
    memory_size   = var.sizes[self.environment.name]
    timeout       = "30s"
    tags          = ["team", "shop"]
  }

  artifact "local" {
    path = "src"
  }
}

release "checkout" {
  service        = service.checkout
  infrastructure = infrastructure.dev
}
