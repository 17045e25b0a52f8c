# The stressors of Debian's stress-ng that wait for events of files, unmodified: counters, signals' files, poll, select, watched files; they
# check themselves what they see.
# packages: stress-ng
# timeout: 150
# memory: 512M
# cpus: 1 4
# host: no
# expect: eventfd 1, sigfd 1, poll 1: passed
# expect: inotify 1: passed
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
    working=$(grep -c -E 'metrc: \[[0-9]+\] [a-z]+ +[1-9][0-9]* +[0-9]+\.' report)
    if [ $status = 0 ] && [ "$working" = $2 ] && ! grep -q -E 'stress-ng: (fail|error):' report; then
        echo "$1: passed"
    else
        echo "$1: status $status, $working of $2 did something"
        cat report
    fi
}
stress "eventfd 1, sigfd 1, poll 1" 3
stress "inotify 1" 1
