a=(b)
c=( b )
d=((b))
e=(b+c)*(d-e)
f=(
b
)
g=(b
&&c)
h=-(b)
i=!(b)
j=(b)?(c):(d)
