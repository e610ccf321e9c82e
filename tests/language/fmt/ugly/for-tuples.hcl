a=[for b in c:b]
d=[for e,f in g:f if e]
h=[ for i in j : i.k ]
l=[for m in[1,2]:m]
n=[
for o in p:o
]
q=[for r in s:{t=r}]
u=[for v in w:[for x in v:x]]
