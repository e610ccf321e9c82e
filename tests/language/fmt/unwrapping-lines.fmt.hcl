a = b
c = (d +
e)
f = (g(
  1
))
h = (i
+ j)
k = ([
  l,
])
