# top in batch mode shows the load, the memory and this shell.
# timeout: 30
# host: no
# expect-match: ^Mem: \d+K used, \d+K free
# expect-match: ^CPU: +[\d.]+% usr +[\d.]+% sys
# expect-match: ^Load average: [\d.]+ [\d.]+ [\d.]+
# expect-match: ^ +PID +PPID
# expect-match: top -b -n1
top -b -n1
