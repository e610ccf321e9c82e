service "a" {
  function {
    function_name = "x-${self.key}"
    environment {
      variables = {
        A         = "b"
        LONG_NAME = self.variables.x
        "quoted-key" : var.y
      }
    }
    tags = { Team = "t", Cost : "c" }
    layers = [
      "arn:aws:lambda:eu-west-1:1:layer:a:1",
      "arn:aws:lambda:eu-west-1:1:layer:b:2"
    ]
  }
}
