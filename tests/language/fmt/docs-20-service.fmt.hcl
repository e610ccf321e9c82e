service "checkout" {
  function {
    function_name = "checkout-${self.key}"
    memory_size   = 64
    kms_key       = "alias/payments"
    description   = "for ${self.environment.variables.stge}"
  }

  artifact "local" {
    path = "src"
  }
}
