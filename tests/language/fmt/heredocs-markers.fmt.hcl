a = <<END-1
END
END-1 x
END-1
b = <<_X
_XX
_X
c = <<-ÄÖ
x
ÄÖ
d = <<E
E
