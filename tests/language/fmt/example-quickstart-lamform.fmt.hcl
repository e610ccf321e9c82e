# A first project: one service, released to two environments.

lamform {
  project      = "quickstart"
  default_tags = { ManagedBy = "lamform" }
}

variable "memory" {
  type        = number
  default     = 128
  description = "Megabytes of memory in every environment."

  validation {
    condition     = var.memory >= 128
    error_message = "Lambda gives a function at least 128 MB."
  }
}

locals {
  team = "greetings"
  role = "arn:aws:iam::123456789012:role/greeter"
}

connector "aws" "main" {
  region = "us-east-1"
}

environment "dev" {
  type      = "PreProduction"
  variables = { stage = "dev", greeting = "Hello" }
}

environment "prod" {
  type      = "Production"
  variables = { stage = "prod", greeting = "Good day" }

  override "greeter" {
    function {
      timeout = 10
    }
  }
}

infrastructure "main" {
  for_each = {
    dev  = environment.dev
    prod = environment.prod
  }

  environment = each.value
  connector   = connector.aws.main
  region      = "us-east-1"
}
