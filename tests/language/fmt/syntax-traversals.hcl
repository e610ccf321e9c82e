locals	{
a	= var.a.b.c
 b   = var.a[0].b["c d"]
  c = var.a[*].b
       d	=	var.a.*.b
 e = var.a.0.b
	f = release.checkout["eu"].alias.live.arn
 g = infrastructure.main[each.value].region
  h   = f(1)[0].b
  i = [1, 2][0]
       j	=	(var.a).b
 k   = environment	[   each.key   ]
}
