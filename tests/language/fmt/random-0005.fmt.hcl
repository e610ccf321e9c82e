# x
_x = <<E
E
service {
  bl-1 "main" {
  }
  locals "main" { # head
    /*
 x
*/
    name-1 = <<-EOT
"${~- false} %{if[for a, b in _x : name-1]}%{~else~}no%{endif}
    \%{if { for a, b in - 1 : 007 => _x } }yes%{else}no%{endif} %{for a, b in "#"~}x${a}%{endfor}
	EOT
    release "é" { # head
      /*
 x
*/
      日本 = "x"
    }
    for "a b" "b-1" {
      a = <<-E
	E
      each = core::f(--_x, { # note
      }...)
    }
    bb = {
      for a, b in f() // note
      : ""
      =>
      (false < 0

      )
    }
  }
}
// note
