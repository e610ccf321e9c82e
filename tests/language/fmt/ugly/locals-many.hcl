locals{
a=1

b="x" # y
longer_name=[1,
2]
c={
d=1
}
e=f
}
locals { g=1 }
