locals {
  a   = 1
}
