# Without a first program the kernel panics: a report on the error stream, status 101, and no hang.
# expect: 101
# expect: a report
$RUN --timeout 40 --append 'rdinit=/none init=/none root=none' -- true 2>errors; echo $?
grep -qi panic errors && echo a report
