lamform { project = "kept" }
variable "memory" {
  type    = number
  default = 128
}
variable "key" {
  type      = string
  sensitive = true
}
connector "aws" "main" { region = "us-east-1" }
environment "dev" { type = "PreProduction" }
infrastructure "main" {
  for_each    = toset(["eu", "us"])
  environment = environment.dev
  connector   = connector.aws.main
  region      = each.key == "eu" ? "eu-west-1" : "us-east-1"
}
service "app" {
  function {
    function_name = "kept-${self.key}"
    role          = "arn:aws:iam::123456789012:role/x"
    runtime       = "python3.13"
    handler       = "a.b"
    memory_size   = var.memory
    environment { variables = { KEY = var.key } }
    tags = { Team = "shop" }
  }
  artifact "local" { path = "src" }
  alias "live" { description = "traffic" }
}
release "app" {
  for_each       = infrastructure.main
  service        = service.app
  infrastructure = each.value
}
output "arns" { value = { for k, r in release.app : k => r.alias.live.arn } }
