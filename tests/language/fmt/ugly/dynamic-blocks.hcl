service "a"{
function{
dynamic "vpc_config"{
for_each=var.v?[1]:[]
iterator=it
content{
subnet_ids=it.value
security_group_ids=["${it.key}"]
}
}
}
}
