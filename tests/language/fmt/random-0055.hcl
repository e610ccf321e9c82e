      name-1="${ ("x")} ${ 1e3} "
each =	"%{ if bb }%{~else~}no%{endif } " ?{ for
 a in  ""  : {
} => a::b::c(	"x"

,zürich, -1 ,) }  :  "x%{ if 日本 ~}yes%{ else }no%{endif ~}y"// end
for  b-1 "x"  {
  }
	_x	= "x"
