# Memory runs out in every way on a machine of 64 MiB; the shell goes on, and nothing is missing afterwards.
# memory: 64M
# timeout: 120
# cpus: 1 2
# host: no
# programs: exhaust.musl
# expect-match: passed, 0 failed
# expect-match: ^still here$
exhaust.musl
echo still here
