# The stressors of pipes, signals and pidfds of Debian's stress-ng, unmodified and with their shared libraries; they check themselves what
# they see. Few at a time: some keep a CPU busy, and others would get nothing done on a slow one.
# packages: stress-ng
# timeout: 200
# memory: 512M
# cpus: 1 4
# host: no
# expect: pipe 1, pipeherd 1, fifo 1: passed
# expect: splice 1, vm-splice 1, tee 1: passed
# expect: sendfile 1, pidfd 1, kill 1: passed
# expect: sigq 1, sigrt 1, sigpending 1: passed
# expect: sigsuspend 1, signal 1, sigsegv 1: passed
stress() {
    options=
    for word in $1; do
        case $word in
        *[0-9]*) options="$options ${word%,}" ;;
        *) options="$options --$word" ;;
        esac
    done
    stress-ng $options --timeout 3 --verify --metrics-brief >report 2>&1
    status=$?
    # stress-ng: metrc: [28] pipe            4072      5.47      0.05      0.71       744.98        5356.02
    working=$(grep -c -E 'metrc: \[[0-9]+\] [a-z-]+ +[1-9][0-9]* +[0-9]+\.' report)
    if [ $status = 0 ] && [ "$working" -ge $2 ] && ! grep -q -E 'stress-ng: (fail|error):' report; then
        echo "$1: passed"
    else
        echo "$1: status $status, $working of $2 did something"
        cat report
    fi
}
stress "pipe 1, pipeherd 1, fifo 1" 2 # a hundred processes of a herd may not come round in the time
stress "splice 1, vm-splice 1, tee 1" 3
stress "sendfile 1, pidfd 1, kill 1" 3
stress "sigq 1, sigrt 1, sigpending 1" 3
stress "sigsuspend 1, signal 1, sigsegv 1" 3
