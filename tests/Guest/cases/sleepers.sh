# Two hundred background processes, killed together; each is waited for and gives the signal as status.
# timeout: 60
# expect: started 200
# expect: 143 200
pids=
for i in $(seq 200); do sleep 1000 & pids="$pids $!"; done
echo started $(echo $pids | wc -w)
kill $pids
good=0
for pid in $pids; do wait $pid; [ $? -eq 143 ] && good=$((good + 1)); done
echo 143 $good
