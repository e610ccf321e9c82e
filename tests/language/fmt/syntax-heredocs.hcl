locals {
	plain	=   <<EOT
  kept   as it is
    ${	var.a }  %{ if var.b   }yes%{ else   }no%{ endif }
EOT
stripped   = <<-EOT
    one
      two
    %{	for k, v in var.m   ~}
    ${k}=${v}
    %{   endfor	~}
  EOT
after   =   1
 listed =	[<<-EOT
    x
    EOT
	,	2]
 argument = jsonencode(<<EOT
{}
EOT
	)
}
