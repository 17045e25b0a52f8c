# Walking /proc and /sys leaves no inode, directory entry, text or open file behind.
# host: no
# timeout: 30
# expect: as many in use as before
count() {
    awk '$1 ~ /^(inode|directory_entry|paged_text|open_file|file_table|address_space)$/ { print $1, $2 }' /proc/slabinfo
}
walk() {
    find /proc /sys -xdev >/dev/null 2>&1
    cat /proc/[0-9]*/stat /proc/[0-9]*/maps /proc/meminfo >/dev/null 2>&1
}
: >before
: >after
# Again when they differ: a process that an earlier test left behind may have ended meanwhile. What leaks, leaks each time.
walk
for round in 1 2 3 4 5; do
    count >before
    walk
    count >after
    cmp -s before after && break
    sleep 1
done
cmp -s before after && echo as many in use as before || cat before after
