# Locks are counted while /proc/sys/kernel/lock_stat is 1; writing 0 to /proc/lock_stat begins anew. Debian's kernel has no lock_stat.
# host: no
# expect: 0
# expect: before: 0
# expect: on: 1
# expect: classes: yes
# expect: numbers: 13
# expect: pool: yes
# expect: points: yes
# expect: off: 0
# expect: still: yes
# expect: cleared: 0
# expect: refused
acquired() { awk -v class="$1:" '$1 == class { sum += $9 } END { print sum + 0 }' /proc/lock_stat; }
cat /proc/sys/kernel/lock_stat
echo "before: $(acquired Pool)"
echo 1 > /proc/sys/kernel/lock_stat
echo "on: $(cat /proc/sys/kernel/lock_stat)"
for i in 1 2 3 4 5; do true | cat; done
test "$(sed 1,5d /proc/lock_stat | wc -l)" -gt 8 && echo "classes: yes"
echo "numbers: $(awk '$1 == "Pool:" { print NF }' /proc/lock_stat)"
test "$(acquired Pool)" -gt 50 && echo "pool: yes"
# Where locks were waited for, by name. On one CPU nobody may ever wait.
points() { grep -E '^ +[A-Za-z]+ +[1-9][0-9]* +\[<ffff[0-9a-f]{12}>\] [A-Za-z.]+.*\+0x[0-9a-f]+ \(.*Kernel/.*\.cs:[0-9]+\)$' /proc/lock_stat; }
for round in $(seq 1 200); do
    points >/tmp/points && break
    [ $(nproc) -gt 1 ] || break
    for i in 1 2 3 4; do
        (for j in 1 2 3 4 5 6 7 8; do true | cat; done) &
    done
    wait
done
if [ $(nproc) -eq 1 ] || [ -s /tmp/points ]; then echo "points: yes"; fi
! grep -q 'Kernel/Sync/' /tmp/points || cat /tmp/points
echo 0 > /proc/sys/kernel/lock_stat
echo "off: $(cat /proc/sys/kernel/lock_stat)"
one=$(acquired Pool)
true | cat
test "$one" = "$(acquired Pool)" && echo "still: yes"
echo 0 > /proc/lock_stat
echo "cleared: $(acquired Pool)"
echo 2 > /proc/sys/kernel/lock_stat 2> /dev/null || echo refused
