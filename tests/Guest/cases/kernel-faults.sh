# A fault in the kernel ends the process that ran into it, with a report that names method, file and line; all else goes on.
# append: provoke
# host: no
# expect-match: kernel fault: null reference, address 0
# expect-match: Jiffy\.Kernel\.Observe\.Provoke\.Null\+[0-9a-f]+ \(src/Kernel/Observe/Provoke\.cs:[0-9]+\)
# expect-match: CPU [0-9], task sh \(pid [0-9]+\)
# expect-match: rip ffffffff8[0-9a-f]{7} rsp ffffc9
# expect-match: kernel fault: index out of range
# expect-match: Provoke\.Index\+[0-9a-f]+ \(src/Kernel/Observe/Provoke\.cs:[0-9]+\)
# expect-match: kernel fault: divide by zero
# expect-match: Provoke\.Divide\+[0-9a-f]+ \(src/Kernel/Observe/Provoke\.cs:[0-9]+\)
# expect-match: kernel fault: arithmetic overflow
# expect-match: Provoke\.Overflow\+[0-9a-f]+ \(src/Kernel/Observe/Provoke\.cs:[0-9]+\)
# expect-match: kernel fault: invalid cast
# expect-match: Provoke\.Cast\+[0-9a-f]+ \(src/Kernel/Observe/Provoke\.cs:[0-9]+\)
# expect-match: kernel fault: assertion failed: what was provoked is true
# expect-match: Provoke\.Assert\+[0-9a-f]+ \(src/Kernel/Observe/Provoke\.cs:[0-9]+\)
# expect-match: system_call_entry\+[0-9a-f]+ \(src/Machine/X64/Entry/syscall\.asm:[0-9]+\)
# expect-match: (?m)^ended:NULL=137 INDEX=137 DIVIDE=137 OVERFLOW=137 CAST=137 ASSERT=137$
# expect-match: (?m)^reports kept: 7 of 7, counted 7$
# expect-match: (?m)^killed with all its threads and files: pipe at its end$
# expect-match: (?m)^no such kind: 1, not for others: 1$
# expect-match: (?m)^and 500500 goes on$
file=/sys/kernel/debug/provoke-crash/DIRECT
before=$(cat /sys/kernel/oops_count)
ended=ended:
for kind in NULL INDEX DIVIDE OVERFLOW CAST ASSERT; do
    sh -c "echo $kind >$file" 2>/dev/null
    ended="$ended$kind=$? "
done
# What the process had open is closed: the reader of the pipe sees its end.
sh -c "echo NULL >$file" 2>/dev/null | cat
closed="pipe at its end"
echo NONSENSE 2>/dev/null >$file
nonsense=$?
su -s /bin/sh nobody -c "echo NULL >$file" 2>/dev/null
[ $? -ne 0 ] && refused=1

# All reports are on the console by now, and cannot stand in the middle of a line below.
echo
echo ${ended% }
echo "reports kept: $(dmesg | grep -c 'sh\[[0-9]*\] is ended') of 7, counted $(($(cat /sys/kernel/oops_count) - before))"
echo "killed with all its threads and files: $closed"
echo "no such kind: $nonsense, not for others: $refused"
echo "and $(seq 1000 | awk '{ s += $1 } END { print s }') goes on"
