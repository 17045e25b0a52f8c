# /proc/interrupts, /proc/softirqs and /proc/stat agree with each other and with what happened; softirq vectors are tied to CPUs.
# cpus: 2 4
# host: no
# expect-match: (?m)^interrupts add up, softirqs add up$
# expect-match: (?m)^the timer rang for each of 20 sleeps$
# expect-match: (?m)^one NMI for each other CPU that was looked at$
# expect-match: (?m)^sleeping wakes the other CPU$
# expect-match: (?m)^all CPUs, then one, then all again$
# expect-match: (?m)^refused: 0 4 x 1, ,1 \[\] 100000001 1,1,1$
# expect-match: (?m)^TIMER stays where it rings$
# expect-match: (?m)^not for others$
# Sums over all rows and CPUs, and what /proc/stat says, which lies between a sum before and a sum after it.
sum() { awk 'NR > 1 { for (i = 2; i <= NF && $i ~ /^[0-9]+$/; i++) s += $i } END { print s }' $1; }
first() { awk -v row=$1 '$1 == row { print $2 }' /proc/stat; }
row() { awk -v row=$1: '$1 == row { for (i = 2; i <= NF && $i ~ /^[0-9]+$/; i++) s += $i } END { print s + 0 }' /proc/interrupts; }
between() { [ $1 -le $2 ] && [ $2 -le $3 ] && echo "$4 add up" || echo "$4: $1 $2 $3"; }
a=$(sum /proc/interrupts) b=$(first intr) c=$(sum /proc/interrupts)
d=$(sum /proc/softirqs) e=$(first softirq) f=$(sum /proc/softirqs)
echo "$(between $a $b $c interrupts), $(between $d $e $f softirqs)"

before=$(row LOC)
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do usleep 2000; done
[ $(($(row LOC) - before)) -ge 20 ] && echo the timer rang for each of 20 sleeps

cpus=$(grep -c ^processor /proc/cpuinfo)
before=$(row NMI)
echo l >/proc/sysrq-trigger
echo
[ $(($(row NMI) - before)) -eq $((cpus - 1)) ] && echo one NMI for each other CPU that was looked at || row NMI

# A pipe between two CPUs: each line wakes a sleeper elsewhere.
before=$(row RES)
seq 2000 | taskset 1 cat | taskset 2 cat >/dev/null
[ $(row RES) -gt $before ] && echo sleeping wakes the other CPU

cd /proc/sys/kernel/softirq
all=$(cat TASKLET/cpus)
echo 2 >TASKLET/cpus
one=$(cat TASKLET/cpus)
echo ffffffff,ffffffff >TASKLET/cpus
[ $one = 2 ] && [ $(cat TASKLET/cpus) = $all ] && [ $all = $(printf %x $(((1 << cpus) - 1))) ] && echo all CPUs, then one, then all again
refused=refused:
for mask in 0 $([ $cpus = 2 ] && echo 4 || echo 10) x 1, ,1 '' 100000001 1,1,1; do
    (echo $mask >HI/cpus) 2>/dev/null || refused="$refused $([ "$mask" = 10 ] && echo 4 || echo "${mask:-[]}")"
done
echo $refused
[ $(cat HI/cpus) = $all ] && (echo 1 >TIMER/cpus) 2>/dev/null || echo TIMER stays where it rings
su -s /bin/sh nobody -c 'echo 1 >HI/cpus' 2>/dev/null || echo not for others
