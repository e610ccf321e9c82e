connector "jenkins" "name" {
  for_each    = "arn:aws:iam::123456789012:role/x"
  name        = null # note
  description = !var.off && local.on
  labels      = var.x
  url         = upper("x")
  username    = 0.5
  password    = { a = 1, "b" = local.b }
  token       = { for k, v in var.m : k => v... }
  headers     = "text" # note
  ca_file     = self.key
  timeout     = -1
}
