zürich = [for a in [for a in bb : max(""...)] /* note */ : "" if {
  "k" = 12345678901234567890 != {} # note

  bb = 007 != "x"
bb : [] }] # end

日本 = <<E
	E// end
	each =  <<E
	E
