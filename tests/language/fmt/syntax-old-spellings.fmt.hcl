variable "a" { type = string }
variable "b" {
  type    = list(string)
  default = []
}
variable "c" {
  type = "map(string)"
}
locals {
  d = var.a
  e = ["${var.a}", "${var.b}x"]
  f = { "${var.a}" = "${var.b}" }
}
