connector "aws" "name" {
  for_each            = "arn:aws:iam::123456789012:role/x"
  name                = null # note
  description         = !var.off && local.on
  labels              = var.x
  region              = upper("x")
  endpoint_url        = 0.5
  default_tags        = { a = 1, "b" = local.b }
  allowed_account_ids = { for k, v in var.m : k => v... }
  quota_share         = "text" # note
  credentials "default" {
  }
  credentials "profile" {
    name = self.key
  }
  credentials "static" {
    access_key_id     = -1
    secret_access_key = ["a", "b"]
    session_token     = var.a == 1 ? "b" : "c"
  }
  credentials "irsa" {
  }
  credentials "oidc" {
    role_arn   = var.list[*].id
    token_file = "${var.a}-${local.b}"
    token_env  = release.checkout["dev"].alias.live.arn # note
    issuer     = 12
    audience   = each.value
  }
  assume_role {
    role_arn     = service.x
    external_id  = true
    session_name = [for a in local.b : a.c if a.d]
    session_tags = "arn:aws:iam::123456789012:role/x"
    duration     = null # note
  }
  retry {
    mode         = !var.off && local.on
    base_delay   = var.x
    max_delay    = upper("x")
    max_attempts = 0.5
  }
}
