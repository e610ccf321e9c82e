connector "terraform_cloud" "name" {
  for_each    = null # note
  name        = !var.off && local.on
  description = var.x
  labels      = upper("x")
  url         = 0.5
  username    = { a = 1, "b" = local.b }
  password    = { for k, v in var.m : k => v... }
  token       = "text" # note
  headers     = self.key
  ca_file     = -1
  timeout     = ["a", "b"]
}
