
  
      日本 /* note */ = "${~ {
 "k" = 2.5E-2 # note
} ?007  %  bb : {for a, b in -1 # note
 : each=>each}~}" /* end */ 
