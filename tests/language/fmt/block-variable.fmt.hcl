variable "name" {
  type           = { a = 1, "b" = local.b }
  default        = { for k, v in var.m : k => v... }
  allowed_values = "text" # note
  description    = self.key
  sensitive      = -1
  nullable       = ["a", "b"]
  validation {
    condition     = var.a == 1 ? "b" : "c"
    error_message = var.list[*].id
  }
}
