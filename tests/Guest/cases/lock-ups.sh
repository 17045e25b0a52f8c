# A CPU that is stuck in the kernel is told of in the log, once, with its stack; and every CPU can be asked what it does.
# cpus: 2 4
# append: provoke watchdog_thresh=1
# host: no
# expect-match: CPU [0-9] soft lock-up: preemption stays off; task sh \(pid [0-9]+\), preempt count [0-9a-f]+
# expect-match: CPU [0-9] hard lock-up: interrupts stay off; task sh \(pid [0-9]+\), preempt count [0-9a-f]+
# expect-match: Provoke\.LockUpSoftly\+[0-9a-f]+ \(src/Kernel/Observe/Provoke\.cs:[0-9]+\)
# expect-match: Provoke\.LockUpHard\+[0-9a-f]+ \(src/Kernel/Observe/Provoke\.cs:[0-9]+\)
# expect-match: CPU 0 asked what it does; task
# expect-match: CPU 1 asked what it does; task
# expect-match: LockupWatch\.TellAll
# expect-match: (?m)^soft 1, hard 1$
file=/sys/kernel/debug/provoke-crash/DIRECT
echo SOFTLOCKUP >$file
while :; do :; done & busy=$!    # somebody must have ticks to notice
while :; do :; done & more=$!
echo HARDLOCKUP >$file
kill $busy $more
echo l >/proc/sysrq-trigger
dmesg
echo "soft $(dmesg | grep -c 'soft lock-up'), hard $(dmesg | grep -c 'hard lock-up')"
