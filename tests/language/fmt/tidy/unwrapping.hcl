a = b
c = d.e[0]
f = g
h = "x${i}"
j = "${k}${l}"
m = ["${n}"]
o = { p = "${q}" }
r = s
t = "u"
v = w ? "x" : "y"
block {
  z = a
  inner {
    b = f(c, "${d}")
  }
}
