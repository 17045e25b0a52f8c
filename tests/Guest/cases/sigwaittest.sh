# Debian's rt-tests' sigwaittest, unmodified: two threads, then two processes, that wake each other with signals, many times.
# packages: rt-tests -python3
# timeout: 150
# memory: 256M
# host: no
# expect-match: ^threads: passed
# expect-match: ^processes: passed

# It gives its receiver ten milliseconds to block SIGUSR2, then sends it, which ends a receiver that is not so far on a machine that is slow just
# then. So its sender, which it starts by this name, waits until the receiver sleeps: it does so in sigwait only.
mkdir /tmp/bin
cat >/tmp/bin/sigwaittest <<'END'
#!/bin/sh
receiver_waits() {
    for process in /proc/[0-9]*; do
        if grep -q '^sigwaittest.-fr' $process/cmdline && grep -q '^State:.S' $process/status; then
            return 0
        fi
    done 2>/dev/null
    return 1
}
case $1 in
-fs*)
    until receiver_waits; do
        usleep 1000
    done
    ;;
esac
exec -a sigwaittest /usr/bin/sigwaittest "$@"
END
chmod +x /tmp/bin/sigwaittest
PATH=/tmp/bin:$PATH

check() {
    tries=0
    status=140
    # As threads they are one process, and nothing can be put between: it is tried again if that very signal has ended it.
    while [ $status -eq 140 ] && [ $tries -lt 10 ]; do
        sigwaittest -l 300 $2 >report 2>&1
        status=$?
        tries=$((tries + 1))
    done
    # #0 -> #1, Min    3, Cur    4, Avg    5, Max   12
    if [ $status -eq 0 ] && grep -q -E 'Min +[0-9]+, Cur +[0-9]+, Avg +[0-9]+, Max +[0-9]+' report; then
        echo "$1: passed"
    else
        echo "$1: failed with status $status"
        cat report
    fi
}
check threads
check processes -f
