provisioner "terragrunt" "name" {
  for_each       = var.x
  name           = upper("x")
  description    = 0.5
  labels         = { a = 1, "b" = local.b }
  on_failure     = { for k, v in var.m : k => v... }
  dir            = "text" # note
  workspace      = self.key
  var_files      = -1
  variables      = ["a", "b"]
  backend_config = var.a == 1 ? "b" : "c"
  environment    = var.list[*].id
  binary         = "${var.a}-${local.b}"
}
