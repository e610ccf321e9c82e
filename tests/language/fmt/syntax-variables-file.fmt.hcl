memory  = 512
regions = ["eu-west-1", "us-east-2"]
tags = {
  Team       = "a"
  CostCenter = "b"
}
