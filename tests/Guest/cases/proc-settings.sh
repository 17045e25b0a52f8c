# What /proc/sys and sysfs show, and what may be written there.
# host: no
# timeout: 20
# expect: somewhere
# expect: 3
# expect: 1
# expect: 42
# expect: refused
# expect: refused
# expect: refused
# expect: online: 0
# expect: two different ids
cd /proc/sys/kernel
old=$(cat hostname)
echo somewhere >hostname
hostname
echo "$old" >hostname
level=$(cut -f 1 printk)
echo 3 >printk
cut -f 1 printk
echo "$level" >printk
echo 1 >panic_on_oops
cat panic_on_oops
echo 0 >panic_on_oops
echo 42 >exit_status
cat exit_status
(echo 256 >exit_status) 2>/dev/null || echo refused
(echo 1x >panic_on_oops) 2>/dev/null || echo refused
(echo x >osrelease) 2>/dev/null || echo refused
echo 0 >exit_status
echo "online: $(cut -c 1 /sys/devices/system/cpu/online)"
[ "$(cat random/uuid)" != "$(cat random/uuid)" ] && [ "$(cat random/boot_id)" = "$(cat random/boot_id)" ] && echo two different ids
