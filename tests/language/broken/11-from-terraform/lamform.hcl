terraform {
  required_version = ">= 1.5"
}

provider "aws" {
  region = "eu-west-1"
}

data "aws_caller_identity" "current" {}

resource "aws_lambda_function" "checkout" {
  count         = 2
  function_name = "checkout-${count.index}"
  role          = module.roles.checkout
  filename      = "checkout.zip"
}

module "roles" {
  source = "./roles"
}

locals {
  account = data.aws_caller_identity.current.account_id
  stage   = terraform.workspace
  arn     = aws_lambda_function.checkout.arn
}
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

release "checkout" {
  count          = 2
  service        = service.checkout
  infrastructure = infrastructure.dev
}
