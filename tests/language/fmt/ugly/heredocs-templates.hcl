a=<<EOT
%{ if b }
  ${c}
%{ else ~}
${d.e[ 0 ]}
%{ endif }
%{for f in g~}
${ f }
%{endfor}
$${h} %%{i}
"quoted" \n
EOT
