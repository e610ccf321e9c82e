a = [ # open
  1,  # one
  # alone
  22    # two
]       # close
b = {   # open
  c = 1 # one
  # last
}
d = f( # open
  1    # one
)
