# The timer stressors of Debian's stress-ng, and the one that calls the vDSO's functions, unmodified and with their shared libraries;
# they check themselves what they see. Few at a time: some keep a CPU busy, and others would get nothing done on a slow one.
# packages: stress-ng
# timeout: 150
# memory: 512M
# cpus: 1 4
# host: no
# expect: timer 2, timerfd 2, alarm 1: passed
# expect: clock 1, nanosleep 1, itimer 1: passed
# expect: hrtimers 1, sleep 1: passed
# expect: vdso 1: passed
stress() {
    options=
    for word in $1; do
        case $word in
        *[0-9]*) options="$options ${word%,}" ;;
        *) options="$options --$word" ;;
        esac
    done
    stress-ng $options --timeout 4 --verify --metrics-brief >report 2>&1
    status=$?
    # stress-ng: metrc: [28] timerfd            4072      5.47      0.05      0.71       744.98        5356.02
    working=$(grep -c -E 'metrc: \[[0-9]+\] [a-z]+ +[1-9][0-9]* +[0-9]+\.' report)
    if [ $status = 0 ] && [ "$working" = $2 ] && ! grep -q -E 'stress-ng: (fail|error):' report; then
        echo "$1: passed"
    else
        echo "$1: status $status, $working of $2 did something"
        cat report
    fi
}
stress "timer 2, timerfd 2, alarm 1" 3
stress "clock 1, nanosleep 1, itimer 1" 3
stress "hrtimers 1, sleep 1" 2
stress "vdso 1" 1
