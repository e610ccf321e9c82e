locals {
  a = {}
  b = { a = 1, b = 2 }
  c = { a : 1, "b" : 2, (var.c) : 3 }
  d = {
    a            = 1
    bbb          = 2,
    (var.key)    = 3
    "quoted key" = 4
    nested = {
      x = 1
      yyy = [
        1,
        2,
      ]
    }
    after = 5
  }
  e = { a = { b = { c = 1 } } }
  f = { a = 1, b = 2 }
  g = {
    "${var.a}" = 1
    5          = 2
  }
}
