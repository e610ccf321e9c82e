a=1
b "x" {
c=1
   dd=2
}
eee=3
f=4
g {}
hhhh=5
