service "checkout" {
  variables = { log_level = "INFO" }

  variable "memory" {
    type    = number
    default = 256

    validation {
      condition     = self.variables.memory % 64 == 0
      error_message = "Memory comes in steps of 64 MB here."
    }
  }

  function {
    function_name = "checkout-${self.key}"
    runtime       = "python3.13"
    handler       = "app.handler"
    role          = "arn:aws:iam::${self.infrastructure.account_id}:role/checkout"
    memory_size   = self.variables.memory

    environment {
      variables = {
        LOG_LEVEL = self.variables.log_level
        STAGE     = self.environment.variables.stage
      }
    }
  }

  artifact "s3" {
    bucket = "builds-${self.infrastructure.region}"
    key    = "checkout/${self.environment.name}.zip"
  }

  alias "live" {
    description = "production traffic"
  }
}
