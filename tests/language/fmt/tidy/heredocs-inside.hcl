a = f(<<E
x
E
)
b = [<<E
y
E
  , 1,
]
c = {
  d  = <<-E
  z
  E
  ee = 1
}
block {
  f   = <<E
w
E
  ggg = 2
}
