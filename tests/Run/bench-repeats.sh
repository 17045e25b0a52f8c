# Two measurements that count instructions give the same numbers, to the instruction, for every row; and no row fails.
# timeout: 240
# expect: the same
# expect: every row
# expect: status 0
for run in 1 2; do
    $JIFFY bench task --icount --rounds 3 --json cost$run --csv table$run >output$run 2>log$run
    status=$?
done
cmp cost1 cost2 && cmp table1 table2 && cmp output1 output2 && echo the same
$JIFFY bench task --list | cut -d ' ' -f 1 >rows
grep -o '^[a-z0-9-]*,Jiffy' table1 | cut -d , -f 1 | grep -v '^row$' | cmp - rows && echo every row
echo "status $status"
