locals	{
	a   =   "${var.a}"
	b =	"x${ var.a }y"
  c =   "${ upper(   "${var.b}" ) }"
  d =   "%{ if   var.a == "b" }c%{ else	}${d}%{	endif   }"
	e = "%{~ for x   in   var.y ~} ${x} %{~ endfor ~}"
  f =	"$${literal} %%{literal} \"quoted\" \u00e9 $ %"
       g	= "${var.a}${var.b}"
   h =   "${[ 1,2   ]}"
	}
