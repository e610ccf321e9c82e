provisioner   "terraform"   "network" {
       dir	= "./network"
  variables = { cidr   =	"10.0.0.0/16" }
	}

locals {
  role = provisioner.terraform.network.lambda_role_arn
}
