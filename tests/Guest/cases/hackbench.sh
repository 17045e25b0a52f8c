# hackbench as Debian has it: groups of senders and receivers over sockets and pipes, as processes and as threads; every message must arrive.
# packages: rt-tests -python3
# cpus: 1 2
# timeout: 180
# expect-match: ^sockets, processes: done$
# expect-match: ^sockets, threads: done$
# expect-match: ^pipes, processes: done$
# expect-match: ^pipes, threads: done$
# expect-match: ^sockets, blocks: done$

run() {
    name=$1
    shift
    hackbench "$@" > out 2>&1
    status=$?
    if [ $status -eq 0 ] && grep -q '^Time: ' out && ! grep -qi error out; then
        echo "$name: done"
    else
        echo "$name: failed with $status"
        cat out
    fi
}

run 'sockets, processes' -s 100 -l 50 -g 2 -P
run 'sockets, threads' -s 100 -l 50 -g 2 -T
run 'pipes, processes' -p -s 100 -l 50 -g 2 -P
run 'pipes, threads' -p -s 100 -l 50 -g 2 -T
run 'sockets, blocks' -s 5000 -l 10 -g 1 -f 5
