connector "nexus" "name" {
  for_each    = true
  name        = [for a in local.b : a.c if a.d]
  description = "arn:aws:iam::123456789012:role/x"
  labels      = null # note
  url         = !var.off && local.on
  username    = var.x
  password    = upper("x")
  token       = 0.5
  headers     = { a = 1, "b" = local.b }
  ca_file     = { for k, v in var.m : k => v... }
  timeout     = "text" # note
  version     = self.key
}
