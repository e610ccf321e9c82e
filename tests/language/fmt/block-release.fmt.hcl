release "name" {
  name           = 0.5
  description    = { a = 1, "b" = local.b }
  labels         = { for k, v in var.m : k => v... }
  alarms         = "text" # note
  bake           = self.key
  timeout        = -1
  keep_versions  = ["a", "b"]
  service        = var.a == 1 ? "b" : "c"
  infrastructure = var.list[*].id
  variables      = "${var.a}-${local.b}"
  depends_on     = release.checkout["dev"].alias.live.arn # note
  for_each       = 12
  strategy {
    type     = each.value
    weights  = service.x
    interval = true
    step     = [for a in local.b : a.c if a.d]
  }
  verify {
    condition = "arn:aws:iam::123456789012:role/x"
    payload   = null # note
    timeout   = !var.off && local.on
    attempts  = var.x
    each_step = upper("x")
  }
  metric {
    name            = 0.5
    max             = { a = 1, "b" = local.b }
    period          = { for k, v in var.m : k => v... }
    min_invocations = "text" # note
    on_no_data      = self.key
  }
  rollback {
    on_failure = -1
    on_first   = ["a", "b"]
    alias      = var.a == 1 ? "b" : "c"
  }
  lifecycle {
    prevent_destroy = var.list[*].id

    ignore {
      paths  = "${var.a}-${local.b}"
      until  = release.checkout["dev"].alias.live.arn # note
      reason = 12
    }
  }
  precondition {
    condition     = each.value
    error_message = service.x
  }
}
