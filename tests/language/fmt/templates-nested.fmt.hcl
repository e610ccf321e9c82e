a = "x${b("y${c("z${d}")}")}"
e = "x${ { a = 1, b = 2 }["a"]}"
g = "x${[for h in i : h]}"
j = "x${k ? "l" : "m${n}"}"
