# A time limit ends the machine with status 124.
# expect: 124
# timeout: 60
$RUN --timeout 8 -- sleep 1000; echo $?
