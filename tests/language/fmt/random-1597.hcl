/* head
*/
	for_each= ( ["x", 1e3 ,null

, ]  ?a::b::c( name-1, zürich... ) :   max(<<E
  "
	$
  E
)
)
in= "#"
