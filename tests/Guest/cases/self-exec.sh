# Scripts that exec themselves keep their process; #! scripts get their arguments, also through two interpreters' lines.
# timeout: 30
# expect: 5 rounds in one process
# expect: one: [a b] [] [c]
# expect: interpreter of an interpreter: 3
cat >again <<'END'
#!/bin/sh
[ "$1" -gt 0 ] && exec "$0" $(($1 - 1)) "$2"
[ $$ = "$2" ] && echo 5 rounds in one process
END
cat >args <<'END'
#!/bin/sh
echo "one: [$1] [$2] [$3]"
END
chmod +x again args
sh -c 'exec ./again 5 $$'
./args 'a b' '' c
printf '#!%s/outer -x\n' "$PWD" >inner
cat >outer <<'END'
#!/bin/sh
echo "interpreter of an interpreter: $#"
END
chmod +x inner outer
./inner y
