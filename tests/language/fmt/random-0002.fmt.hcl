/* head
*/
a = core::f({ # note
  type : "x",
  5 : true # note

  (("")) : null,
  } && {
  }, 日本, -1 ? "x" :
  null ?
  _x : 1, <<EOT
${""} 
  EOT
) /* end */

bb = { for a, b in "x" : { a = f(1).name-1.name-1
  5 : (a) # note
} => "\"" if { for a in("") : a => 0 ? false : 日本... if { for a, b in "" : 12345678901234567890 => false... } } }
type /* note */ = ""
release "x" {
  in = /* note */ <<-E
# no%{if(日本).*.0~}%{~else~}no%{endif~} %{if - each}%{~else~}no%{endif}y
    $
	E
  name-1 = <<E

    # no%{for a, b in {
} }x${a}%{endfor}
	E
service {
  // note
  each = "\n$.${2.5E-2 ? # note
  12.50 : 007}%{if(12.50)}yes%{endif} "
  zürich = <<EOT
    # no${/* note */ null~} 
    \%{~for a in f(007, {}, true)}x${a}%{endfor} ${ { for a in null : _x => {} } ~}y
  {${~
"="} 
  EOT
}
日本 = [-[for a, b in {} : ""] /* note */]
}
