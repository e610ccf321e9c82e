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

locals {
  name   = "${local.prefix}-checkout"
  prefix = lower(local.title)
  title  = "Shop ${local.name}"
}

service "checkout" {
  function {
    function_name = local.name
    runtime       = "python3.13"
    handler       = "app.handler"
    role          = "arn:aws:iam::123456789012:role/checkout"
  }

  artifact "local" {
    path = "src"
  }
}

service "cart" {
  function {
    function_name = "cart"
    runtime       = "python3.13"
    handler       = "app.handler"
    role          = "arn:aws:iam::123456789012:role/cart"
    environment   = { variables = { STOCK = release.stock.function.version } }
  }

  artifact "local" {
    path = "src"
  }
}

service "stock" {
  function {
    function_name = "stock"
    runtime       = "python3.13"
    handler       = "app.handler"
    role          = "arn:aws:iam::123456789012:role/stock"
  }

  artifact "local" {
    path = "src"
  }
}

release "checkout" {
  service        = service.checkout
  infrastructure = infrastructure.dev
}

release "cart" {
  service        = service.cart
  infrastructure = infrastructure.dev
}

release "stock" {
  service        = service.stock
  infrastructure = infrastructure.dev
  depends_on     = [release.cart]
}
