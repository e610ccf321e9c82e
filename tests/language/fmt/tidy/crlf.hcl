a {
  b   = 1
  ccc = 2 # x
  d   = <<E
 x
E
}
