# Two thousand programs, one after the other: fork, exec, exit and wait without a leak or a stray status.
# timeout: 180
# expect: 2000
n=0
for i in $(seq 2000); do /bin/true && n=$((n + 1)); done
echo $n
