# The stressors of Debian's stress-ng that wait for events of files, unmodified: counters, signals' files, poll, select, watched files; they
# check themselves what they see.
# packages: stress-ng
# timeout: 150
# memory: 512M
# cpus: 1 4
# host: no
# expect: eventfd 1, sigfd 1, poll 1: passed
# expect: inotify 1: passed
stress "eventfd 1, sigfd 1, poll 1" 3
stress "inotify 1" 1
