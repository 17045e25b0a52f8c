# /proc/workqueues: the system's queues, a pool for each CPU and priority, its workers; and while work is tortured, queues, busy workers and
# their names.
# cpus: 1 2 4
# append: selftest
# host: no
# expect: events P
# expect: events_freezable PF
# expect: events_freezable_pwr_efficient PFE
# expect: events_highpri PH
# expect: events_long P
# expect: events_power_efficient PE
# expect: events_unbound U
# expect: a pool of each priority for each CPU, and an unbound one
# expect: as many workers listed as the pools have
# expect: each worker is a thread of that name
# expect: ok invariants broken: 0
# expect: queues of both kinds seen
# expect: workers seen at work
# expect: workers are named after what they do
# expect: as idle as before
# A section of the file begins with its name and ends with an empty line.
section() { awk -v name="$1" 'NF == 0 { on = 0 } on; $1 == name { on = 1 }' "${2:-/proc/workqueues}"; }
section queue | awk '{ print $1, $2 }' | grep ^events | sort
cpus=$(grep -c ^processor /proc/cpuinfo)
[ "$(section pool | awk '$2 != "-" && $3 == 0' | wc -l)" = $cpus ] && [ "$(section pool | awk '$2 != "-" && $3 == -20' | wc -l)" = $cpus ] &&
    section pool | awk '$2 == "-" { found = 1 } END { exit !found }' && echo a pool of each priority for each CPU, and an unbound one
[ "$(section pool | awk '{ n += $4 } END { print n }')" = "$(section worker | wc -l)" ] && echo as many workers listed as the pools have
section worker | while read -r name pid rest; do
    case "$(cat /proc/$pid/comm)" in "${name%%[+-]*}"*) ;; *) echo "$name is $(cat /proc/$pid/comm)" ;; esac
done
echo each worker is a thread of that name

# The snapshots are taken while it runs; the writer ends with it.
test=/sys/kernel/debug/jiffy/selftest
echo 'torture seconds=3' >$test &
while kill -0 $! 2>/dev/null; do
    cat /proc/workqueues >>/tmp/seen
    echo >>/tmp/seen
    cat /proc/[0-9]*/comm 2>/dev/null >>/tmp/names
done
wait $!
grep 'invariants broken' $test # that nothing is left behind it cannot tell while programs come and go
section historical /tmp/seen | grep -q . && section queue /tmp/seen | grep -vq ^events && echo queues of both kinds seen
section worker /tmp/seen | awk 'NF > 3 { busy = 1 } END { exit !busy }' && echo workers seen at work
grep -q '^kworker/.*[+-]' /tmp/names && echo workers are named after what they do
section queue | awk '$4 != 0 || $5 != 0 { print; wrong = 1 } END { exit wrong }' && echo as idle as before
