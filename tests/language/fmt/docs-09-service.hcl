service	"checkout"   {
   function {
 function_name =   "checkout-${self.key}"
    runtime	= "python3.13"
   handler =	"app.handler"
 role	=	"arn:aws:iam::123456789012:role/checkout"
 architectures = ["arm64"]
ephemeral_storage = { size	= 1024   }
 dead_letter_config =	{ target_arn   = "arn:aws:sqs:eu-west-1:123456789012:failed"	}

   vpc_config   {
       subnet_ids = ["subnet-1", "subnet-2"]
	security_group_ids =	["sg-1"]
       }

	dynamic "file_system_configs" {
 for_each	= self.environment.type == "Production" ? ["data",   "models"] : []

 content {
        arn =	"arn:aws:elasticfilesystem:eu-west-1:123456789012:access-point/${file_system_configs.value}"
        local_mount_path =	"/mnt/${file_system_configs.value}"
}
	}
 }

  artifact "local" {
 path = "src"
   }
}
