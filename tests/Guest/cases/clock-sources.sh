# Time can be read from several sources, and changed while the machine runs: it goes on, and not back. An unknown one is refused.
# host: no
# timeout: 60
# expect: tsc hpet acpi_pm pit 
# expect: hpet goes on
# expect: acpi_pm goes on
# expect: pit goes on
# expect: tsc goes on
# expect: refused
# expect: tsc
cd /sys/devices/system/clocksource/clocksource0
now() { sed 's/ .*//; s/\.//; s/^0*//; s/^$/0/' /proc/uptime; }
cat available_clocksource
for source in hpet acpi_pm pit tsc; do
    before=$(now)
    echo $source >current_clocksource
    usleep 100000
    passed=$(($(now) - before))
    [ $passed -ge 10 ] && [ $passed -lt 3000 ] && echo "$(cat current_clocksource) goes on"
done
(echo sundial >current_clocksource) 2>/dev/null || echo refused
cat current_clocksource
