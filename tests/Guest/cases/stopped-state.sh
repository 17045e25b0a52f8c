# A stopped background process shows as stopped and goes on with SIGCONT; its group, orphaned all along, is not hung up when others end.
# timeout: 20
# expect: T (stopped)
# expect: S (sleeping)
# expect: ended by 15
sleep 100 &
sleeper=$!
until grep -q '^State:.*sleeping' /proc/$sleeper/status; do :; done
kill -STOP $sleeper
until grep -q '^State:.*stopped' /proc/$sleeper/status; do :; done
sleep 0.1
sed -n 's/^State:[[:space:]]*//p' /proc/$sleeper/status
kill -CONT $sleeper
until grep -q '^State:.*sleeping' /proc/$sleeper/status; do :; done
sed -n 's/^State:[[:space:]]*//p' /proc/$sleeper/status
kill $sleeper
exec 2>/dev/null
wait $sleeper
echo ended by $(($? - 128))
