# head

// slashes
/* block
   of two lines */
locals {     # behind the brace
  a      = 1 # one
  longer = 2 // two
  c      = /* inside */ 3 /* behind */

  # between
  d = [ # open
    1,  # first
    # own line
    2, // second
  ]    # close
  e = {
    # nothing
  }
  f = f(1, /* two */ 2)
}
# tail
