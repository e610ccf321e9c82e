locals   {
a	=   [for	x in var.l :	x]
       b =   [for	i, x in	var.l	: "${i}:${x}" if x != null]
	c =   {for	k,	v	in var.m :	k =>	v}
  d   = {for k,	v in   var.m :   v =>	k...	if v != ""}
 e	=	{
 for pair in setproduct(var.a, var.b) :
    join("-", pair)   => {
      first	= pair[0]
      second = pair[1]
 }
  }
       f =	[
    for x in	var.l :
x
    if x > 1
   ]
   }
