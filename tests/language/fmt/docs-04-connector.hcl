connector "aws"   "main" {
  region	=	"eu-west-1"
 allowed_account_ids = ["123456789012"]

assume_role	{
    role_arn   = "arn:aws:iam::123456789012:role/deploy"
 session_name   =   "release"
       }
 }
