# Where time counts instructions, one a nanosecond, how late Debian's cyclictest finds itself woken is a figure of the kernel alone, and
# the same in every run: 3 microseconds at most on an idle machine when this was written.
# packages: rt-tests -python3
# icount: yes
# timeout: 100
# host: no
# expect: loops: 500
# expect: late: no
cyclictest -q -l 500 -i 1000 -t 1 -p 80 -m >report 2>/dev/null
set -- $(sed -n -E 's/^T: *0 \( *[0-9]+\) P:80 I:1000 C: *([0-9]+) Min: *[0-9]+ Act: *[0-9]+ Avg: *([0-9]+) Max: *([0-9]+)$/\1 \2 \3/p' report)
echo "loops: $1"
[ "$2" -le 5 ] && [ "$3" -le 20 ] && echo "late: no" || cat report
