service "x" {
}
service "a" "b" {}
service "one" { name = "x" }
release "r" {
  service = service.x

  lifecycle { prevent_destroy = true }

  strategy {

    type = "canary"


    weights = [10, 50]
  }
}



variable "x" {
  type    = string
  default = null
}
variable "y" { type = map(object({ a = optional(string, "b"), c = list(number) })) }
