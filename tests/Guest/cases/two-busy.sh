# Two processes that only compute have a CPU each: in three seconds both run nearly all of the time.
# cpus: 2 4
# expect: side by side
while :; do :; done & first=$!
while :; do :; done & second=$!
sleep 3
least=$(cat /proc/$first/stat /proc/$second/stat | awk '{ used = $14 + $15; if (NR == 1 || used < least) least = used } END { print least }')
kill $first $second
[ "$least" -ge 230 ] && echo side by side || echo "one ran for $least hundredths of 3 s only"
