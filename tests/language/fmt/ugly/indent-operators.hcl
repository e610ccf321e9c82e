a=(b
+c
*d
)
e=(
f ?
g :
h
)
i=[
for j in k:
j
if l
]
m={
for n,o in p:
n=>
o
...
}
