release "checkout" {
  for_each       = infrastructure.main
  service        = service.checkout
  infrastructure = each.value

  strategy {
    type     = self.environment.type == "Production" ? "canary" : "all_at_once"
    weights  = [10, 50]
    interval = "5m"
  }

  precondition {
    condition     = startswith(self.infrastructure.region, "eu-")
    error_message = "Customers' data stays in Europe."
  }

  lifecycle {
    prevent_destroy = self.environment.type == "Production"
  }
}

service "smoke" {
  function {
    function_name = "smoke-${self.key}"
    environment   = { variables = { TARGET = release.checkout[self.key].alias.live.arn } }
  }

  artifact "local" {
    path = "smoke"
  }
}

release "smoke" {
  for_each       = infrastructure.main
  service        = service.smoke
  infrastructure = each.value
  depends_on     = [release.checkout]
}
