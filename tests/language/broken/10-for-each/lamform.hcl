lamform {
  project = "shop"
}

variable "regions" {
  type    = list(string)
  default = ["eu-west-1", "us-east-1"]
}

variable "keys" {
  type      = set(string)
  default   = ["a", "b"]
  sensitive = true
}

variable "stages" {
  type    = map(string)
  default = null
}

connector "aws" "main" {
  region = "eu-west-1"
}

environment "dev" {
  type = "PreProduction"
}

infrastructure "dev" {
  for_each    = var.regions
  environment = environment.dev
  connector   = connector.aws.main
  region      = each.value
}

infrastructure "stage" {
  for_each    = var.stages
  environment = environment.dev
  connector   = connector.aws.main
  region      = "eu-west-1"
}

infrastructure "one" {
  environment = environment.dev
  connector   = connector.aws.main
  region      = each.value
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

release "secret" {
  for_each       = var.keys
  service        = service.checkout
  infrastructure = infrastructure.one
}

release "number" {
  for_each       = 3
  service        = service.checkout
  infrastructure = infrastructure.one
}
