if       = 1
for      = 2
in       = 3
endif    = 4
a        = b.for
c        = { "for" = 1 }
d        = { if = 1, in = 2 }
e        = f.in.if
for_each = g.in
true     = 5
null     = 6
