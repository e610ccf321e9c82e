locals   {
a	=	f()
  b   =   max(1,	2,	3)
  c =	max(var.list...)
  d = core::upper("x")
e   =	merge(
    var.a,
    {
b   =	1
 },
 var.c...
  )
  f   =	try(var.a.b, null)
g   =   format("%s-%s",   var.a,
  var.b)
  h = cidrsubnet ( "10.0.0.0/8",8,2   )
}
