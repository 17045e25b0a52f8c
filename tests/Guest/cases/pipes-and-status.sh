# Statuses through pipelines, negation, command substitution and subshells; a reader sees end of file only at the end.
# timeout: 30
# expect: 1 0
# expect: 9 after substitution
# expect: 42
# expect: abc
# expect: end of file
false; a=$?
false | true; echo $a $?
x=$(exit 9); echo $? after substitution
(exit 42); echo $?
{ printf a; sleep 0.2; printf b; sleep 0.2; echo c; } | cat
{ read -r line; read -r line || echo end of file; } <<END
one
END
