release "x" { type = [1, 2].name-1 } # end
