# The character devices do what their names say.
# timeout: 30
# expect: 0
# expect: 1000 zeros
# expect: No space left on device
# expect: two reads of random differ
# expect: null swallows
wc -c </dev/null
echo $(head -c 1000 /dev/zero | tr '\0' z | tr -dc z | wc -c) zeros
echo x 2>&1 >/dev/full | sed 's/.*: //'
[ "$(head -c 16 /dev/urandom | od -x)" != "$(head -c 16 /dev/urandom | od -x)" ] && echo two reads of random differ
echo gone >/dev/null && echo null swallows
