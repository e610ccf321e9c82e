a={for b in c:b=>b}
d={for e,f in g:e=>f if f}
h={for i in j:i.k=>i...}
l={ for m,n in o : m => n ... if n }
p={
for q,r in s:
q=>{
t=r
}
}
u={for v in w:"${v}-x"=>{for x in v:x=>1}}
