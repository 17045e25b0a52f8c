# The stressors of Debian's stress-ng for System V's and POSIX's semaphores, message queues and shared memory, unmodified and with their shared
# libraries; they check themselves what they see.
# packages: stress-ng
# timeout: 150
# memory: 512M
# cpus: 1 4
# host: no
# expect: sem-sysv 2, msg 2: passed
# expect: mq 2, sem 2: passed
# expect: shm-sysv 1, shm 1, shm-bytes 1M: passed
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
    working=$(grep -c -E 'metrc: \[[0-9]+\] [a-z-]+ +[1-9][0-9]* +[0-9]+\.' report)
    if [ $status = 0 ] && [ "$working" = $2 ] && ! grep -q -E 'stress-ng: (fail|error):' report; then
        echo "$1: passed"
    else
        echo "$1: status $status, $working of $2 did something"
        cat report
    fi
}
stress "sem-sysv 2, msg 2" 2
stress "mq 2, sem 2" 2
stress "shm-sysv 1, shm 1, shm-bytes 1M" 2
