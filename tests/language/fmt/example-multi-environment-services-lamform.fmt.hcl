service "api" {
  variable "memory" {
    type    = number
    default = 256
  }

  function {
    function_name = "api-${self.environment.variables.stage}"
    runtime       = "python3.13"
    handler       = "app.handler"
    role          = "arn:aws:iam::${self.infrastructure.account_id}:role/api"
    memory_size   = self.variables.memory
    tags          = { Team = "shop" }
  }

  artifact "local" { path = "packages/api/${self.environment.variables.api_version}" }
  alias "live" {}
}

service "worker" {
  function {
    function_name = "worker-${self.environment.variables.stage}"
    runtime       = "python3.13"
    handler       = "app.handler"
    role          = "arn:aws:iam::${self.infrastructure.account_id}:role/worker"
    timeout       = 300
  }

  artifact "local" { path = "packages/worker" }
  alias "live" {}
}

release "api" {
  for_each       = infrastructure.main
  service        = service.api
  infrastructure = each.value

  strategy {
    type     = self.environment.type == "Production" ? "canary" : "all_at_once"
    weights  = [10, 50]
    interval = "5m"
  }

  lifecycle { prevent_destroy = self.environment.type == "Production" }
}

release "worker" {
  for_each       = infrastructure.main
  service        = service.worker
  infrastructure = each.value
}

output "live" {
  value = { for key, release in release.api : key => release.alias.live.arn }
}
