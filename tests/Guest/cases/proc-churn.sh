# Reading all of /proc while processes come and go: a process that stays is seen every time, and nothing hangs.
# timeout: 60
# expect: seen 6 of 6 times
# expect: the churn is over
sleep 100 &
stay=$!
(for i in $(seq 120); do /bin/true & done; wait) &
churn=$!
seen=0
for i in 1 2 3 4 5 6; do
    find /proc -xdev -maxdepth 4 >names 2>errors
    grep -q "^/proc/$stay/stat\$" names && grep -q "^/proc/$stay/fd/0\$" names && seen=$((seen + 1))
    cat /proc/[0-9]*/stat /proc/[0-9]*/status /proc/[0-9]*/maps /proc/[0-9]*/cmdline >contents 2>errors
done
echo "seen $seen of 6 times"
wait $churn
echo the churn is over
kill $stay
