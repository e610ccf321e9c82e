# State in a bucket, for many machines at once. The bucket exists before the first apply.
lamform {
  project = "fleet"

  backend "s3" {
    bucket = "fleet-lamform-state"
    prefix = "teams/platform"
    region = "eu-west-1"
  }
}

connector "aws" "main" {
  region = "eu-west-1"
}

environment "prod" {
  type = "Production"
}

infrastructure "main" {
  environment = environment.prod
  connector   = connector.aws.main
  region      = "eu-west-1"
}

service "worker" {
  function {
    function_name = "fleet-${self.key}"
    runtime       = "python3.13"
    handler       = "app.handler"
    role          = "arn:aws:iam::${self.infrastructure.account_id}:role/fleet"

    environment {
      variables = { QUEUE = self.key }
    }
  }

  artifact "local" { path = "src/worker" }
  alias "live" {}
}

release "worker" {
  for_each       = toset(["billing", "emails", "exports", "imports", "invoices", "reports", "search", "uploads"])
  service        = service.worker
  infrastructure = infrastructure.main
}
