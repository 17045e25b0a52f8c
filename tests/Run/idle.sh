# A guest at the shell prompt leaves the host's processor alone: QEMU uses less than 5 % of one, however many CPUs the guest has.
# timeout: 240
# expect: 1 CPUs: idle
# expect: 2 CPUs: idle
# expect: 4 CPUs: idle

# Hundredths of a second of processor time that a process has used, all its threads together.
used() { sed 's/.*) //' "/proc/$1/stat" | awk -v hertz="$(getconf CLK_TCK)" '{ print int(($12 + $13) * 100 / hertz) }'; }

# The QEMU among a process's descendants.
find_qemu() {
    local child
    for child in $(cat /proc/"$1"/task/*/children 2>/dev/null); do
        case $(cat /proc/"$child"/comm 2>/dev/null) in qemu*) echo "$child"; return ;; esac
        find_qemu "$child"
    done
}

# Waits at most this many seconds for a shell condition.
until_true() {
    local left=$(($1 * 10))
    while ! eval "$2"; do
        [ $((left -= 1)) -gt 0 ] || return 1
        sleep 0.1
    done
}

for cpus in 1 2 4; do
    rm -f keys && mkfifo keys
    $RUN --cpus $cpus --timeout 60 <keys >console &
    tool=$!
    exec 3>keys
    until_true 40 'grep -q "# " console' || echo "no prompt"
    qemu=$(find_qemu $tool)
    sleep 2 # what the start left over
    before=$(used "$qemu")
    sleep 10
    after=$(used "$qemu")
    echo "$cpus CPUs: $((after - before)) hundredths of a second used in 10 s" >&2
    [ $((after - before)) -lt 50 ] && echo "$cpus CPUs: idle"
    echo exit >&3
    exec 3>&-
    wait $tool
done
