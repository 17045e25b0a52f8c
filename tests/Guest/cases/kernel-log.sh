# dmesg shows what the kernel said at start, and its options work; the console shows warnings to nobody, and errors to all.
# host: no
# timeout: 30
# expect-match: (?m)^\[ +[0-9]+\.[0-9]{6}\] Jiffy on .*, [0-9]+ CPUs, [0-9]+ MiB$
# expect-match: (?m)^\[ +[0-9]+\.[0-9]{6}\] Command line: .*quiet
# expect-match: free memory: \[[0-9a-f]{12}-[0-9a-f]{12}\]
# expect-match: Memory: [0-9]+K of [0-9]+K available
# expect-match: clock: TSC, .* MHz
# expect-match: timer: local APIC
# expect-match: smp: ([0-9]) of \1 CPUs are up
# expect-match: initial ramdisk: [0-9]+ files unpacked
# expect-match: Running /init as init
# expect-match: (?m)^raw <12>\[ +[0-9.]+\] a warning$
# expect-match: (?m)^quiet: 4 lines kept$
# expect-match: (?s)\A(?!.*not on the console)
# expect-match: \[ +[0-9.]+\] an error appears
# expect-match: (?m)^newest: a notice$
# expect-match: (?m)^cleared: 0$
# expect-match: (?m)^level 8: [0-9]+, level as before$
# expect-match: (?m)^kmsg keeps what was cleared: yes$
dmesg
level=$(cut -f1 /proc/sys/kernel/printk)
echo "a warning" >/dev/kmsg
echo "raw $(dmesg -r | tail -n 1)"
for number in 4 5 6 7; do echo "<$number>not on the console" >/dev/kmsg; done
echo "quiet: $(dmesg | grep -c 'not on the console') lines kept"
echo "<5>a notice" >/dev/kmsg
echo "newest: $(dmesg -s 60 | tail -n 1 | sed 's/.*] //')"
dmesg -c >/dev/null
echo "cleared: $(dmesg | wc -l)"
dmesg -n 8
echo "level 8: $(cut -f1 /proc/sys/kernel/printk), level $(dmesg -n $level && [ $(cut -f1 /proc/sys/kernel/printk) = $level ] && echo as before)"
timeout 1 cat /dev/kmsg >records
echo "kmsg keeps what was cleared: $(grep -q '^5,[0-9]*,[0-9]*,-;Jiffy on' records && echo yes)"
sleep 0.3 # or it would stand in the middle of a line
echo "<3>an error appears" >/dev/kmsg
