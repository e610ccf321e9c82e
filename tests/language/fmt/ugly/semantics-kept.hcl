a="  x  "
b=" ${ c } "
d=<<E
  x  

E
e="${ f }" # unwrapped
