a "b" {
}
d "e" "f" "g h" {}
i "j" {
}
k "l-m" "_n" {}
o "p\"q" "é" {}
