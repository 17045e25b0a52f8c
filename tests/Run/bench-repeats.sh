# Two measurements that count instructions give the same numbers, to the instruction, for every row; and no row fails.
# (hackbench with many groups takes long, and is the same program as with one.)
# timeout: 240
# expect: the same
# expect: every row
# expect: status 0
$JIFFY bench task --list | cut -d ' ' -f 1 | grep -v -e '^hackbench-4$' -e '^hackbench-10$' >rows
for run in 1 2; do
    $JIFFY bench task --icount --rounds 2 $(sed 's/^/--row /' rows) --json cost$run --csv table$run >output$run 2>log$run
    status=$?
done
cmp cost1 cost2 && cmp table1 table2 && cmp output1 output2 && echo the same
grep '^[a-z0-9-]*,Jiffy,[0-9]' table1 | cut -d , -f 1 | cmp - rows && echo every row
echo "status $status"
