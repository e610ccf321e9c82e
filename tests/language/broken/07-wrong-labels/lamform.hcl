lamform "shop" {
  project = "shop"
}

connector "main" {
  region = "eu-west-1"
}

environment {
  type = "PreProduction"
}

infrastructure "dev" "eu" {
  environment = environment.dev
  connector   = connector.aws.main
  region      = "eu-west-1"
}

service "check out" {
  function {
    function_name = "checkout"
    runtime       = "python3.13"
    handler       = "app.handler"
    role          = "arn:aws:iam::123456789012:role/checkout"
  }

  artifact "src" {
    path = "src"
  }

  alias {
    description = "what clients call"
  }
}

release "checkout" {
  service        = service.checkout
  infrastructure = infrastructure.dev
}
