# trap: handlers run once per signal, ignored signals stay ignored in programs, EXIT runs last.
# timeout: 30
# expect: got TERM
# expect: got USR1
# expect: still here
# expect: ignored in the program
# expect: at exit 5
# expect-status: 5
trap 'echo got TERM' TERM
trap 'echo got USR1' USR1
trap 'echo at exit $?' EXIT
kill -TERM $$
kill -USR1 $$
trap '' INT
kill -INT $$
echo still here
sh -c 'kill -INT $$; echo ignored in the program'
exit 5
