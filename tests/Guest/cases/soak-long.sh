# Twenty thousand rounds of fork, exec, pipe and wait, and a thousand of everything else: not a frame, not an object is left behind.
# long: yes
# timeout: 1200
# cpus: 2
# host: no
# programs: soak.musl
# expect-match: 46 passed, 0 failed
soak.musl 20000
