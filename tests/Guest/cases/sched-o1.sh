# The O(1) policy serves ordinary tasks: many short programs, pipes and waits; two that compute get time as their nice values say; one that
# sleeps is not kept waiting by them; everything ends.
# append: sched=o1
# host: no
# cpus: 1 2 4
# timeout: 120
# expect: sched: o1 serves ordinary tasks
# expect: 50
# expect: 5000 5000
# expect: the nice one has less
# expect: three ended
dmesg | sed -n 's/^.*\(sched: .*\)$/\1/p'
i=0
while [ $i -lt 50 ]; do
    /bin/true && i=$((i + 1))
done
echo $i
seq 1 5000 | sort -rn | cat | wc -l | tr '\n' ' '
seq 1 5000 | xargs -n 50 -P 4 echo | wc -w

# Both on one CPU, until the first has used two seconds; ticks of user and system time are the 14th and 15th word.
used() {
    awk '{ print $14 + $15 }' /proc/$1/stat
}
taskset 1 sh -c 'while :; do :; done' &
first=$!
taskset 1 sh -c 'while :; do :; done' &
second=$!
renice -n 10 -p $second >/dev/null
sleep 100 &
third=$!
while [ $(used $first) -lt 200 ]; do
    usleep 20000
done
if [ $(used $second) -lt $(($(used $first) * 3 / 4)) ]; then
    echo the nice one has less
fi
kill $first $second $third
wait
echo three ended
