a=b+c-d*e/f%g
h=i==j&&k!=l||m<n
o=p<=q&&r>s||t>=u
v=!w
x=! y
z=!!a
b1=-c
d1=- e
f1=g- -h
i1=j-k
l=m -n
o1=p -q
r=1-1
s=1 -1
t=-(u)
v1=(w)-1
x1=y*-1
