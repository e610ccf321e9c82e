a = 1
/*
  kept
    as it is
*/
bb  = 2 /* over
lines */
ccc = 3
