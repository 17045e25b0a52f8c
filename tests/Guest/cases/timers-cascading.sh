# The coarse timers in the historical, cascading wheel: what sleeps by it wakes.
# append: timers=cascading
# host: no
# timeout: 60
# expect: cascading
# expect: 0
sed -n 's/^  .timer_wheel *: \([a-z-]*\),.*/\1/p' /proc/timer_list | uniq
sleep 1
echo $?
