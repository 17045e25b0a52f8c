# Debian's rt-tests' sigwaittest, unmodified: two threads, then two processes, that wake each other with signals, many times.
# packages: rt-tests -python3
# timeout: 150
# memory: 256M
# host: no
# expect-match: ^threads: passed
# expect-match: ^processes: passed
check() {
    # #0 -> #1, Min    3, Cur    4, Avg    5, Max   12
    if sigwaittest -l 300 $2 >report 2>&1 && grep -q -E 'Min +[0-9]+, Cur +[0-9]+, Avg +[0-9]+, Max +[0-9]+' report; then
        echo "$1: passed"
    else
        echo "$1: failed with status $?"
        cat report
    fi
}
check threads
check processes -f
