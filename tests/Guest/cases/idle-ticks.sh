# An idle CPU has no tick: in ten seconds of sleep every CPU is interrupted by its timer but a few times (a tick would come 2500 times).
# cpus: 4
# host: no
# timeout: 90
# expect: quiet
counts() { grep LOC: /proc/interrupts | sed 's/[^0-9 ]//g'; }
before=$(counts)
sleep 10
after=$(counts)
set -- $after
loud=
for old in $before; do
    [ $(($1 - old)) -lt 250 ] || loud="$loud $(($1 - old))"
    shift
done
echo "quiet$loud"
