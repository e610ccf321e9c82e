moved {
  from = release.a
  to   = release.b["x"]
}
removed {
  from = release.c
  lifecycle {
    destroy = false
  }
}
