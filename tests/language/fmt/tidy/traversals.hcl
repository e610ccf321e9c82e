a  = b.c
d  = e.f
g  = h[0]
i  = j[0]
k  = l["m"]
n  = o["p"].q[r].s
t  = u.0
v  = w.0.x.1
x  = y[z[0]]
aa = b[c.d][-1]
bb = f(1).c
cc = (d).e
dd = [1, 2][0]
ee = { a = 1 }.a
