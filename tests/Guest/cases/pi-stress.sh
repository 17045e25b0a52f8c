# Debian's pi_stress and ptsematest (rt-tests), unmodified: priority inversions by the thousand, each of which would last for ever
# without inheritance, and mutexes handed to and fro between real-time threads. How long they take is told, and judged elsewhere.
# packages: rt-tests -python3
# timeout: 150
# host: no
# expect: pi_stress: status 0, inversions performed
# expect: ptsematest: status 0, threads reported
pi_stress --groups 1 --inversions 200 --duration 20 --quiet >report 2>&1
status=$?
[ "$status" = 0 ] && grep -q -E 'Total inversion performed: [1-9]|Total inversions? performed = [1-9]' report && report= || cat report
echo "pi_stress: status $status, inversions performed"
ptsematest -a -t 1 -p 80 -i 1000 -l 100 -q >report 2>&1
status=$?
grep -q -E 'Cycles 100' report || cat report
echo "ptsematest: status $status, threads reported"
