# The columns of a CPU in /proc/stat sum up to its time: over three seconds, busy and idle, they grow as uptime does, to a tenth.
# host: no
# timeout: 60
# cpus: 1 2
# expect: sum goes with uptime
# expect: idle goes with uptime
now() { sed 's/ .*//; s/\.//; s/^0*//' /proc/uptime; }
columns() { sed -n 's/^cpu0 //p' /proc/stat; }
idle() { sed 's/.* //; s/\.//; s/^0*//' /proc/uptime; }
sum() { t=0; for c in $(columns); do t=$((t + c)); done; echo $t; }
usleep 200000
t0=$(now) s0=$(sum)
taskset -c 0 sh -c 'i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); done; usleep 500000; dd if=/dev/zero of=/dev/null bs=4k count=20000 2>/dev/null'
sleep 1
t1=$(now) s1=$(sum)
d=$((s1 - s0 - (t1 - t0)))
[ $((d * 10)) -lt $((t1 - t0)) ] && [ $((d * -10)) -lt $((t1 - t0)) ] && echo "sum goes with uptime" || echo "sum $((s1 - s0)) of $((t1 - t0))"
t0=$(now) i0=$(idle)
sleep 2
cpus=$(grep -c ^processor /proc/cpuinfo)
t=$((($(now) - t0) * cpus)) i=$(($(idle) - i0))
[ $((i * 10)) -ge $((t * 7)) ] && [ $((i * 10)) -le $((t * 11)) ] && echo "idle goes with uptime" || echo "idle $i of $t"
