# ps shows this shell with its parent, and /proc agrees with it.
# cpus: 1 2 4
# timeout: 20
# expect: ps found this shell
# expect: its parent in ps is its parent in /proc
# expect: PID USER COMMAND
ps -o pid,args | grep -q "^ *$$ .*sh" && echo ps found this shell
[ "$(ps -o pid,ppid | awk -v self=$$ '$1 == self { print $2 }')" = $PPID ] \
    && grep -q "^PPid:[[:space:]]*$PPID\$" /proc/$$/status && echo its parent in ps is its parent in /proc
ps | head -n 1 | awk '{ print $1, $2, $3 }'
