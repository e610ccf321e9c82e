"""What the projects of these tests have in common: a connector, an environment, a place."""

PLACE = """\
connector "aws" "main" {
  region = "us-east-1"
}

environment "dev" {
  type = "PreProduction"
}

infrastructure "main" {
  environment = environment.dev
  connector   = connector.aws.main
  region      = "us-east-1"
}
"""
