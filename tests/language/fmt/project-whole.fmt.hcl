lamform {
  required_version = ">= 0.1"
  project          = "payments" # namespace in the backend; required with s3, otherwise the directory's name by default
  default_tags     = { ManagedBy = "lamform" }

  backend "sqlite" { # the default when no backend is given
    path = ".lamform/state.db"
  }
}

variable "regions" {
  type    = set(string)
  default = ["us-east-2", "eu-west-1"]

  validation {
    condition     = length(var.regions) > 0
    error_message = "At least one region is needed."
  }
}

locals { team = "payments" }

connector "aws" "main" {
  for_each = { dev = "111111111111", prod = "222222222222" }
  region   = "us-east-2"

  credentials "profile" { name = each.key } # default | profile | static | irsa | oidc

  assume_role {
    role_arn    = "arn:aws:iam::${each.value}:role/deploy"
    external_id = "acme"
  }
}

provisioner "terraform" "network" { dir = "./network" }

environment "dev" {
  type      = "PreProduction"
  variables = { stage = "dev", image_tag = "1.5.0-rc1" }
}

environment "prod" {
  type      = "Production"
  variables = { stage = "prod", image_tag = "1.4.2" }

  override "checkout" {
    variables = { memory = 1024 }
    function { timeout = 30 }
  }
}

infrastructure "main" {
  for_each    = { for pair in setproduct(["dev", "prod"], var.regions) : "${pair[0]}-${pair[1]}" => pair }
  environment = environment[each.value[0]]
  connector   = connector.aws.main[each.value[0]]
  region      = each.value[1]

  staging { bucket = "acme-staging-${each.value[1]}" } # packages over 50 MB, and kept packages
}

service "checkout" {
  variable "memory" {
    type    = number
    default = 512
  }

  function { # every CreateFunction field, botocore's names in snake_case
    function_name = "checkout-${self.environment.variables.stage}"
    runtime       = "python3.13"
    handler       = "app.handler"
    role          = provisioner.terraform.network.lambda_role_arn
    memory_size   = self.variables.memory
    environment   = { variables = { LOG_LEVEL = "INFO", API_KEY = secretsmanager("checkout/api-key") } }
    tags          = { Team = local.team }
  }
  # or a definition kept elsewhere, camelCase or PascalCase JSON or YAML, with <+…> expressions inside:
  # definition { file = "createFunction.json" }          or  a definition block with a git block inside, on lines of its own

  artifact "s3" { # first label: kind; second, optional: its name
    bucket = "builds-${self.infrastructure.region}"
    key    = "checkout/${self.environment.variables.image_tag}.zip"
  }

  alias "live" { description = "production traffic" }
}

release "checkout" {
  for_each       = infrastructure.main
  service        = service.checkout
  infrastructure = each.value

  strategy {
    type     = self.environment.type == "Production" ? "canary" : "all_at_once"
    weights  = [10, 50]
    interval = "5m"
  }

  verify {
    payload   = jsonencode({ ping = true })
    condition = result.payload.ok
  }

  alarms = ["checkout-errors"]
  lifecycle { prevent_destroy = true }
}

output "live_arns" { value = { for key, r in release.checkout : key => r.alias.live.arn } }
