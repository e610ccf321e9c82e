memory = 512
regions = ["eu-west-1",
"us-east-2"]
stage = "prod"
tags = { a = "b"
ccc = "d" }
