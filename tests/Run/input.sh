# Standard input reaches the command: a file as it is, a pipe as text with an end, nothing as an end.
# expect: 8 bytes of a file: 00 01 02 03 04 0a 1a ff
# expect: HELLO
# expect: WORLD
# expect: 0
printf '\0\1\2\3\4\n\32\377' >file
$RUN -- sh -c 'set -- $(od -An -tx1); echo $# bytes of a file: $*' <file
echo "$(printf 'hello\nworld' | $RUN -- tr a-z A-Z)"
$RUN -- wc -c </dev/null
