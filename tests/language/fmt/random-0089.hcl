  locals{
for_each=	"${{ # note

  ([ a.b    ])  =	(2.5E-2)[0].* # note
}
}"
}
type = "\n#${~a~} ${f(1).b[0][ 
  -  "x"] }"
/*
 x
*/
