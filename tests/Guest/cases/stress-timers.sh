# The timer stressors of Debian's stress-ng, and the one that calls the vDSO's functions, unmodified and with their shared libraries;
# they check themselves what they see. Few at a time: some keep a CPU busy, and others would get nothing done on a slow one.
# packages: stress-ng
# timeout: 150
# memory: 512M
# cpus: 1 4
# host: no
# expect: timer 2, timerfd 2, alarm 1: passed
# expect: clock 1, nanosleep 1, itimer 1: passed
# expect: hrtimers 1, sleep 1: passed
# expect: vdso 1: passed
stress "timer 2, timerfd 2, alarm 1" 3
stress "clock 1, nanosleep 1, itimer 1" 3
stress "hrtimers 1, sleep 1" 2
stress "vdso 1" 1
