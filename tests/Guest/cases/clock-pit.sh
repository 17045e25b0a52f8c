# No HPET, and the last resort for both: the old PIT gives the time and rings for all CPUs.
# append: clocksource=pit nolapic_timer hpet=disable
# host: no
# timeout: 60
# expect: tsc acpi_pm pit 
# expect: pit
# expect: PIT for all CPUs
# expect: slept
# expect: all CPUs sleep and wake
cat /sys/devices/system/clocksource/clocksource0/*
cat /sys/devices/system/clockevents/clockevent0/current_device
now() { sed 's/ .*//; s/\.//; s/^0*//; s/^$/0/' /proc/uptime; }
before=$(now)
sleep 1
[ $(($(now) - before)) -ge 100 ] && echo slept
last=$(($(grep -c ^processor /proc/cpuinfo) - 1))
pids=
for cpu in $(seq 0 $last); do
    taskset -c $cpu sh -c 'for i in 1 2 3 4 5; do usleep 20000; done' & pids="$pids $!"
done
wait $pids && echo all CPUs sleep and wake
