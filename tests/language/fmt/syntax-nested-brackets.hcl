locals {
	a   =	[{
	b	= 1
	},   {
    c	= 2
  }]
 d =	f({
       e	= 1
  })
   g   =	[[
   1
  ]]
 h =   merge({   i	= 1	}, {
   j   = 2
 })
  k = [for x	in y : {
	l	= x
	}]
 }
