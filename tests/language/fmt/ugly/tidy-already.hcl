locals {
  a    = 1 # x
  bbbb = 2 # y

  c = [
    1,
    2,
  ]
}
