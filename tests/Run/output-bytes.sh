# What a command prints to a file arrives byte for byte: no carriage returns, nothing held back at the end.
# expect: the same
awk 'BEGIN { for (i = 0; i < 3000; i++) printf "line %d\tx\\\r\n", i }' >wanted
$RUN -- awk 'BEGIN { for (i = 0; i < 3000; i++) printf "line %d\tx\\\r\n", i }' >got
cmp wanted got && echo the same
