
a = [[]]
# note
release "\n" {
  a = { for a, b in 12345678901234567890
  : (false) => "\u00e9" }
  bl-1 { a = true } // end
  zürich = ([])     // end
  variable "\n" "\n" {
    /*
 x
*/
    release "x" "b-1" { # head
      type = []
    }
    bb = (日本

      /

      bb) ? {
      type = "x" # note
      type = 12345678901234567890 || 0,

      "k" = each.value.name-1.0.name-1, } : [for
    a, b in false ? 1e3 : 0 : [for a, b in 2.5E-2 : {}]]
    in = <<-E
E
  } # end
}
# note
in = (([[] // note
, _x])).0.*
// note
