variable "v0" {
type=string
}
variable "v1" {
type="string"
}
variable "v2" {
type="list"
}
variable "v3" {
type="map"
}
variable "v4" {
type=list
}
variable "v5" {
type=map
}
variable "v6" {
type=set
}
variable "v7" {
type=list(string)
}
variable "v8" {
type="number"
}
variable "v9" {
type=object({a=string,b=optional(number,3)})
}
variable "v10" {
type=map( any )
}
variable "v11" {
type=tuple([string,number])
}
variable "v12" {
type=any
}
