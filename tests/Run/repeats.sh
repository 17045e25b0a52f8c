# With an instruction-counting clock two runs print the same bytes, time stamps included.
# timeout: 240
# expect: the same
# expect: with time stamps
for run in 1 2; do
    $RUN --icount -v --timeout 100 -- sh -c 'cat /proc/uptime; ps; dmesg; cat /proc/interrupts' >output$run 2>log$run
done
cmp output1 output2 && cmp log1 log2 && echo the same
grep -q '^\[ *[0-9]*\.[0-9]*\]' log1 && echo with time stamps
