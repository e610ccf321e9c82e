removed{
from    = "arn:aws:iam::123456789012:role/x"
 lifecycle{
 destroy =  null      # note
}  
}
