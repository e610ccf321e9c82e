# x
bl-1  b-1 "a b"{
for_each= ( a /* note */ )

}
if "a b" main {
  _x= "${~ -  {
5 =	false, (12.50) =	_x
}
}"
	null_1 /* note */ =([ /* note */ for a in  ( _x /* note */ ) : /* note */ [ # note
] /* note */ ])
 /* note */
name-1=( ( [ /* note */ 1e3 ] ))
/*
 x
*/
}
