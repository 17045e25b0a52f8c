# xargs -P4 runs four at a time and misses none; with -P it is faster than one after the other.
# timeout: 60
# expect: 40 done, sum 820
# expect: side by side
seq 40 | xargs -n 1 -P 4 sh -c 'echo $0 >>out; exit 0'
echo $(wc -l <out) done, sum $(awk '{ s += $1 } END { print s }' out)
before=$(cut -d. -f1 /proc/uptime)
seq 4 | xargs -n 1 -P 4 sh -c 'sleep 3'
after=$(cut -d. -f1 /proc/uptime)
[ $((after - before)) -lt 9 ] && echo side by side
