# A pipe of three programs that moves more than a megabyte and sorts it in memory.
# timeout: 90
# expect: 200000
seq 1 200000 | sort -rn | head -n 1
