a   = <<EOT
  kept  
	as it is

EOT
bb  = 1
c   = <<-EOT
    indented
      ${d}
    EOT
eee = 2
