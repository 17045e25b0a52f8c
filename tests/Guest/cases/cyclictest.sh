# Debian's cyclictest (rt-tests), unmodified and with its shared libraries: as many real-time threads as CPUs, each woken every
# millisecond, 500 times. It ends when the first has done so; the others must have done most of theirs, and every figure must be one.
# How late they are is told, and judged elsewhere.
# packages: rt-tests -python3
# timeout: 100
# host: no
# expect: threads: all
# expect: done: yes
# expect: status 0
cyclictest -q -l 500 -i 1000 -d 0 -t $(nproc) -p 80 -m >report 2>errors
status=$?
grep -v -e cpu_dma_latency errors
# T: 0 (   19) P:80 I:1000 C:    500 Min:     46 Act:  129 Avg:  320 Max:   11294
sed -n -E 's/^T: *[0-9]+ \( *[0-9]+\) P:80 I:1000 C: *([0-9]+) Min: *[0-9]+ Act: *[0-9]+ Avg: *[0-9]+ Max: *[0-9]+$/\1/p' report >counts
[ "$(wc -l <counts)" = "$(nproc)" ] && echo "threads: all" || cat report
[ "$(sort -n counts | tail -n 1)" = 500 ] && [ "$(sort -n counts | head -n 1)" -ge 250 ] && echo "done: yes" || cat report
echo "status $status"
