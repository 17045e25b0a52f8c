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
stress "sem-sysv 2, msg 2" 2
stress "mq 2, sem 2" 2
stress "shm-sysv 1, shm 1, shm-bytes 1M" 2
