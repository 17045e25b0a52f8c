# A hundred million bytes through two pipes, none lost, and a writer that is ended by SIGPIPE.
# timeout: 240
# cpus: 1 2 4
# expect: a3e8987f8305d5ad2b60ccb3e8125478  -
yes | head -c 100000000 | md5sum
