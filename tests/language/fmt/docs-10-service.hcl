service "checkout"	{
	function {
 function_name	=	"checkout-${self.key}"
       runtime   = "python3.13"
handler	=   "app.handler"
role =   "arn:aws:iam::123456789012:role/checkout"
}

	artifact "s3"   "release"	{
	bucket   =   "builds-${self.infrastructure.region}"
	key =   "checkout/1.4.2.zip"
  }

   artifact "local"	"try" {
	path	= "src"
  }

primary_artifact = self.environment.type ==   "Production"   ? "release"   :	"try"

	alias	"live" {
    url   {
       auth_type = "AWS_IAM"

	cors {
allow_origins =	["https://example.com"]
   max_age = 600
 }
	}

    permission   "apigw" {
principal =	"apigateway.amazonaws.com"
 source_arn =   "arn:aws:execute-api:${self.infrastructure.region}:123456789012:api/*"
	}
	}

	event_invoke {
    maximum_retry_attempts   = 1
    on_failure = "arn:aws:sqs:${self.infrastructure.region}:123456789012:failed"
   }
	}
