# The command's words arrive as they were given, whatever bytes they contain.
# expect: [a  b]
# expect: [it's]
# expect: [new
# expect: line]
# expect: []
# expect: [--help]
# expect: [@file]
# expect: [$HOME `x` "q" \n]
# expect: 255 254
$RUN -- sh -c 'for word; do echo "[$word]"; done' sh 'a  b' "it's" $'new\nline' '' --help @file '$HOME `x` "q" \n'
$RUN -- printf '%s' $'\xff\xfe' | od -An -tu1 | xargs
