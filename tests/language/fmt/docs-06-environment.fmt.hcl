environment "prod" {
  type      = "Production"
  variables = { stage = "prod" }

  override "checkout" {
    function {
      timeout = 30
      tags    = { Oncall = "payments" }
    }
  }
}
