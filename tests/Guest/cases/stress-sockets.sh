# stress-ng's stressors of pairs of sockets, of descriptors sent through sockets and of poll, as Debian has them, with what they check of
# themselves. (Its stressor sock asks for a protocol of AF_INET also in other families, and is refused on Linux, too.)
# packages: stress-ng
# cpus: 1 2
# memory: 1G
# timeout: 180
# host: no
# expect: sockpair 2: passed
# expect: sockfd 1: passed
# expect: poll 1: passed
stress() {
    stress-ng --$1 --timeout 3 --verify --metrics-brief >report 2>&1
    status=$?
    working=$(grep -c -E 'metrc: \[[0-9]+\] [a-z]+ +[1-9][0-9]* +[0-9]+\.' report)
    # A stressor that may not give up its capabilities says so; that is not about sockets.
    if [ $status = 0 ] && [ "$working" = 1 ] && ! grep -E 'stress-ng: (fail|error):' report | grep -q -v capget; then
        echo "$1: passed"
    else
        echo "$1: status $status, $working of 1 did something"
        cat report
    fi
}
stress "sockpair 2"
stress "sockfd 1"
stress "poll 1"
