a = {
  b = 1
}
ccc = 2
d = f(
1)
ee  = "x"
f   = <<E
x
E
ggg = 3
h = [1,
2]
i = 4
