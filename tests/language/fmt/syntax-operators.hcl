locals	{
 a =   1   +   2 *	-3   /   4 %	5	-   -6
 b   = !var.x && (var.y   || !var.z)
	c = var.a	==   var.b   ?   var.c	:   var.d   != var.e   ?	1	: 2
 d = var.a   <=	1 &&	var.b >=   2 ||	var.c < 3	&&   var.d >	4
 e =   (
    var.a
   + var.b
       *	2
   )
	f	= var.x ? (
	1
	) :   (
    2
	)
  g	= -   var.a
  h =   ! var.b
       i	=	1-2
j = a-b
       }
