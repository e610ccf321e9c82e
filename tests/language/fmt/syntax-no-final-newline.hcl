locals {
 a =   1
       }