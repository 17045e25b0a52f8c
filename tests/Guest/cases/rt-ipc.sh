# Programs of Debian's rt-tests that measure how fast a thread or process wakes another through a System V semaphore, a POSIX message queue, a
# POSIX semaphore and a signal, unmodified. Each must do all its rounds with both sides; how late they are is told, and judged elsewhere.
# packages: rt-tests -python3
# timeout: 150
# host: no
# expect: svsematest: 200 rounds, status 0
# expect: svsematest between processes: 200 rounds, status 0
# expect: pmqtest: 200 rounds, status 0
# expect: ptsematest: 200 rounds, status 0
# expect: sigwaittest: 200 rounds, status 0
measure() {
    name=$1
    shift
    "$@" -q -l 200 -i 1000 -p 80 >report 2>&1
    status=$?
    # #0: ID20, P80, CPU0, I1000; #1: ID21, P80, CPU0, Cycles 200
    rounds=$(tr '\r' '\n' <report | sed -n -E 's/.*Cycles ([0-9]+).*/\1/p' | tail -n 1)
    echo "$name: $rounds rounds, status $status"
    [ "$rounds" = 200 ] || cat report
}
program=$(which svsematest) # its path makes the key
measure svsematest $program
measure "svsematest between processes" $program -f
measure pmqtest pmqtest
measure ptsematest ptsematest
measure sigwaittest sigwaittest
