locals {
  a = var.x ? 1 : 2
  b = (
    var.x
    ? "yes"
    : "no"
  )
  c = var.x ? 1 : 2
  d = var.x == null ? [] : [var.x]
}
