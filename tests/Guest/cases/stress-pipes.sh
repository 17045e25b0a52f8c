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
stress "pipe 1, pipeherd 1, fifo 1" 2 # a hundred processes of a herd may not come round in the time
stress "splice 1, vm-splice 1, tee 1" 3
stress "sendfile 1, pidfd 1, kill 1" 3
stress "sigq 1, sigrt 1, sigpending 1" 3
stress "sigsuspend 1, signal 1, sigsegv 1" 3
