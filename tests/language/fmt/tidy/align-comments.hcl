a      = 1   # one
longer = 22  // two
b      = "x" # three
c      = 3 /* four */

d  = 4 # alone
ee = 55
f  = 6 # after a line without
