locals {
  a   = 1
  bb  = 2
  ccc = 3

  dddd = 4
  e    = 5
  f = [
    1
  ]
  gggggg   = 6
  h        = 7 # seven
  iiii     = 8 # eight
  jjjjjjjj = 9
  k = {
    l    = 1 # one
    mmmm = 2
    n    = "x" # three
  }            # four
  o      = 10
  日本     = 11
  zürich = 12
  p      = 13
}
