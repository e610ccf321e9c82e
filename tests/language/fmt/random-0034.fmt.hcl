# x
zürich = <<EOT
	{%{if 007 != 12.50}%{~else~}no%{endif}%{if[for a in "x" : 1]}yes%{else}no%{endif}
    \%{~if { for a in null : zürich => 12.50... } ~}yes%{else}no%{~endif~}
EOT
for {
  a = [               # note
    for a, b in { for // note
      a in(true) /* note */ : { for
    a in 007 : "" => false... } => bb.name-1[*][{ for a in "" /* note */ : name-1 => "x"... if true }] if[0, 1e3, ] } : # note
    {
      for a, b in { # note
        bb : name-1

        a : 1,

      type = "x", }

      : !!false
      =>
      1...
    } # note
  ]
  /* note */
} /* end */
