variable "memory" {
type   = number
  default   =   256
  description = "Megabytes of memory."
  allowed_values =	[256,	512,   1024]

  validation	{
    condition   = var.memory <=   512	||   local.large
	error_message	= "More than 512 MB needs local.large, not ${var.memory}."
  }
 }

 locals {
large =   false
 }
