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
  for_each    = toset(local.tenants)
  environment = environment.dev
  connector   = connector.aws.main
  region      = "eu-west-1"
}

locals {
  tenants = [for number in range(50) : format("tenant-%02d", number)]
  broken  = local.tenants[50]
}

service "checkout" {
  function {
    function_name = "checkout-${self.infrastructure.key}"
    runtime       = "python3.13"
    handler       = "app.handler"
    role          = "arn:aws:iam::123456789012:role/${local.broken}"
    memory_size   = length(self.infrastructure.key)
    timeout       = self.infrastructure.key
    description   = self.infrastructure.key + 1
  }

  artifact "local" {
    path = "src"
  }
}

release "checkout" {
  for_each       = infrastructure.dev
  service        = service.checkout
  infrastructure = each.value
}
