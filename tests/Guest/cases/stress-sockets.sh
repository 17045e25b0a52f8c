# stress-ng's stressors of pairs of sockets, of descriptors sent through sockets and of poll, as Debian has them, with what they check of
# themselves. (Its stressor sock asks for a protocol of AF_INET also in other families, and is refused on Linux, too.)
# packages: stress-ng
# cpus: 1 2
# memory: 1G
# timeout: 180
# host: no
# expect: sockpair 2: passed
# expect: sockfd 1: passed
# expect: poll 1: passed
stress "sockpair 2" 1
stress "sockfd 1" 1
stress "poll 1" 1
