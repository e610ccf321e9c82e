# head

for "a b" "\n" { /* note */ type = [!![bb
  , 007 /* note */, zürich], 12.50, f(each >= _x, [日本], 12345678901234567890
), ] }
null_1 = -[] /* end */
