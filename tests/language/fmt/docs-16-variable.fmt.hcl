variable "alarms" {
  type = map(object({
    threshold = number
    period    = optional(string, "5m")
  }))
  default = {
    errors = { threshold = "1" }
  }
}

output "first_period" {
  value = var.alarms.errors.period
}
