# Links of /proc lead to the very file, whatever its name has become; pipes can be opened through them.
# timeout: 20
# expect: through a pipe
# expect: still there
# expect: removed (deleted)
# expect: the directory
# expect: the same program
echo through a pipe | cat /dev/stdin
echo still there >removed
exec 5<removed
rm removed
cat /proc/$$/fd/5
link=$(readlink /proc/$$/fd/5)
echo "${link##*/}"
mkdir directory
(cd directory && exec sleep 100) &
sleeper=$!
until [ "$(readlink /proc/$sleeper/cwd)" = "$PWD/directory" ]; do :; done
: >/proc/$sleeper/cwd/here
[ -e directory/here ] && echo the directory
cmp /proc/$$/exe /proc/self/exe && echo the same program
kill $sleeper
