# The guest command's exit status is jiffy's, and nothing but its output comes out.
# expect: 7
# expect: 143
# expect: 127
$RUN -- sh -c 'exit 7'; echo $?
$RUN -- sh -c 'kill $$'; echo $?
$RUN -- no-such-program 2>/dev/null >/dev/null; echo $?
