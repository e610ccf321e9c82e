a         = 1
long_name = 2
b         = 3

c = 4
# between
longer_still = 5
d = [
  1,
]
ee  = 6
fff = 7
