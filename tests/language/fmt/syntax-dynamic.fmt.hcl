service "checkout" {
  dynamic "permission" {
    for_each = toset(["s3", "sns"])
    iterator = item
    labels   = [item.value]
    content {
      principal = "${item.value}.amazonaws.com"
    }
  }
}
