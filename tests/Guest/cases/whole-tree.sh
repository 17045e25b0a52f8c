# ls -lR / and find / -xdev walk the whole tree, /proc and /dev too, and come back with what must be there.
# timeout: 60
# host: no
# expect: ls ends
# expect: find knows all files: /bin/busybox /etc/passwd /init
# expect: find / -xdev stays on its file system
# expect: as many links as applets
ls -lR / >/tmp/case/all 2>/dev/null
[ "$(wc -l </tmp/case/all)" -gt 500 ] && echo ls ends
echo "find knows all files:" $(find / -xdev \( -path /bin/busybox -o -path /etc/passwd -o -path /init \) | sort)
find / -xdev | grep -q '^/proc/.' || echo find / -xdev stays on its file system
[ $(find /bin /sbin /usr -xdev -type l | wc -l) -ge $(($(busybox --list | wc -l) - 3)) ] && echo as many links as applets
