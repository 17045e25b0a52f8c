# The stressors of locks between threads and processes, of switches, and the other ones of signals, of Debian's stress-ng, unmodified.
# packages: stress-ng
# timeout: 150
# memory: 512M
# cpus: 1 4
# host: no
# expect: futex 1, switch 1: passed
# expect: mutex 1: passed
# expect: sigpipe 1, signest 1, sigchld 1: passed
# expect: sigabrt 1, sigfpe 1, sigtrap 1: passed
# expect: epoll 1, zombie 1, wait 1: passed
# expect: cap 1, nice 1, schedpolicy 1: passed
stress "futex 1, switch 1" 2
stress "mutex 1" 1
stress "sigpipe 1, signest 1, sigchld 1" 3
stress "sigabrt 1, sigfpe 1, sigtrap 1" 3
stress "epoll 1, zombie 1, wait 1" 3
stress "cap 1, nice 1, schedpolicy 1" 3
