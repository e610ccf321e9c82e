a=f()
b=f( )
c=f (1)
d=f(1,2)
e=f( 1 , 2 )
g=f(1,2,)
h=f(
1,
2,
)
i=f(g(h(1)))
j=f([1,2],{a=1})
k=core::f(1)
l=provider::a::b(1,2)
m=f(n...)
o=f("a",<<E
x
E
)
