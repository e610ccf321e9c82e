infrastructure "main" {
  for_each = {
    for pair in setproduct(["dev", "prod"], ["eu-west-1", "us-east-2"]) :
    "${pair[0]}-${pair[1]}" => { stage = pair[0], region = pair[1] }
  }

  environment = environment[each.value.stage]
  connector   = connector.aws.main
  region      = each.value.region
  variables   = { bucket = "builds-${each.value.region}" }
}
