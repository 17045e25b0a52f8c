# time reports, renice changes the value that children inherit, timeout ends what lasts too long and nothing else.
# timeout: 30
# expect: real user sys
# expect: nice 7
# expect: Terminated
# expect: timed out 143
# expect: in time 3
# expect: Killed
# expect: killed 137
echo $( { time -p sleep 0.1; } 2>&1 | awk '{ print $1 }')
renice -n 7 -p $$ >/dev/null
echo nice $(awk '{ print $19 }' /proc/self/stat)
timeout 1 sleep 100; echo timed out $?
timeout 20 sh -c 'exit 3'; echo in time $?
timeout -s KILL 1 sleep 100; echo killed $?
