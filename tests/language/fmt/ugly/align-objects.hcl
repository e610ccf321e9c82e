a={
b=1
ccc=2,
dddd:3
"e"=4 # x
(f)=5 # yy
"g${h}"=66 # z
}
