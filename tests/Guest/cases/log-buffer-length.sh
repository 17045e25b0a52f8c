# log_buf_len=SIZE makes the kernel log keep more lines than it does by itself, from the first; its memory is a kernel area.
# append: log_buf_len=900K
# host: no
# timeout: 30
# expect-match: (?m)^first: Jiffy on .*, [0-9]+ CPUs, [0-9]+ MiB$
# expect-match: (?m)^log_buf_len: 1048576 bytes, [0-9]+ records$
# expect-match: (?m)^1500 lines kept, from number 1 to number 1500$
# expect-match: (?m)^area: 0xf{4}[0-9a-f]{12}-0xf{4}[0-9a-f]{12} 1052672 log_buf pages=256 vmalloc$
# expect-match: (?m)^used: 1024 kB of [1-9][0-9]+ kB$
# expect-match: (?m)^not for others$
seq 1500 | while read -r number; do echo "<6>number $number" >/dev/kmsg; done
echo "first: $(dmesg | head -n 1 | sed 's/^\[[^]]*\] //')"
dmesg | sed -n 's/^.*\(log_buf_len: .* records\)$/\1/p'
dmesg | grep '] number ' >kept
echo "$(wc -l <kept) lines kept, from $(sed -n '1s/.*] //p' kept) to $(sed -n '$s/.*] //p' kept)"
echo "area: $(grep log_buf /proc/vmallocinfo)"
echo "used: $(awk '/VmallocUsed/ { print $2, $3 }' /proc/meminfo) of $(awk '/VmallocTotal/ { print $2, $3 }' /proc/meminfo)"
su -s /bin/sh nobody -c 'cat /proc/vmallocinfo' 2>/dev/null || echo "not for others"
