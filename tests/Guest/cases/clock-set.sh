# The clock is set while timers and sleepers wait on it.
# programs: settime.musl
# host: no
# cpus: 1 2
# expect-match: ^[0-9]+ passed, 0 failed$
settime.musl jump | grep -v '^ok'
