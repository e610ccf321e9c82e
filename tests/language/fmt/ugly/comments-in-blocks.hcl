a {# head
# first
b=1 # one
// second
ccc=2 // two
/* third */ d=3
} # foot
