# util-linux's ipcmk, ipcs and ipcrm, unmodified: what they make is listed with its attributes and removed again; limits are shown.
# packages: util-linux -util-linux-extra -libblkid1 -libcap-ng0 -libcrypt1 -libmount1 -libpam0g -libselinux1 -libsmartcols1 -libsystemd0 -libtinfo6 -libudev1 -libuuid1 -zlib1g
# host: no
# timeout: 60
PATH=/usr/bin:$PATH
id_of() { sed -n -E 's/.*id: ([0-9]+)$/\1/p'; }
segment=$(ipcmk -M 10000 -p 0640 | id_of)
set=$(ipcmk -S 3 -p 0600 | id_of)
queue=$(ipcmk -Q -p 0666 | id_of)
ipcs -m -i $segment | sed -n -E 's/cpid=[0-9]+/cpid=PID/; /^(mode|bytes)/p'
ipcs -s -i $set | grep -E '^(mode=|nsems)|^[0-2] '
ipcs -q -i $queue | grep -E '^(cbytes|mode)'
for kind in -m -s -q; do
    ipcs $kind | sed -n -E 's/^0x[0-9a-f]{8} +[0-9]+ +/key id /p'
done
ipcs -l | grep -E '(max|default|number)'
ipcs -u | grep -E '(allocated|used)'
ipcrm -m $segment -s $set -q $queue
echo "removed: $?"
ipcrm -m $segment 2>&1 | sed "s/($segment)/(ID)/"
echo "left: $(ipcs | grep -c '^0x')"
