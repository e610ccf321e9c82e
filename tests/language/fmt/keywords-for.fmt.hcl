a = [for in_ in b : in_]
c = [for if in d : if]
e = [for k, for in f : k]
