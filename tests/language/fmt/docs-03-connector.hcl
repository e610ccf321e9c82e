connector "aws" "main"   {
  region	= "eu-west-1"

  credentials "oidc"	{
   role_arn = "arn:aws:iam::123456789012:role/ci"
    issuer	=	"github"
	}
}
