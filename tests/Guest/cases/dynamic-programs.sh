# Debian's bash, coreutils and perl, unmodified and with their shared libraries: the interpreter of ELF, its cache and search path,
# RELRO, thread-local storage, libraries loaded while running, programs that start programs.
# packages: bash coreutils perl-base
# host: no
# expect: bash 5
# expect: sum of the first 100: 5050
# expect: function: 3 words
# expect: pattern: key=value -> key
# expect: here
# expect: process substitution: same
# expect: sorted: a b c
# expect: digest: 3a6eb0790f39ac87c94f3856b2dd2c5d110e6811602261a9a923d3bb23adc8b7
# expect: factors: 1000000007 1000000009
# expect: libraries: libc.so.6 linux-vdso.so.1
# expect: perl: 2432902008176640000 olleh
# expect: thread-local errno: No such file or directory
# expect: status of a command that does not exist: 127
cat >script.bash <<'END'
set -e
echo "bash ${BASH_VERSINFO[0]}"
total=0; for ((i = 1; i <= 100; i++)); do ((total += i)); done
echo "sum of the first 100: $total"
count() { echo "function: $# words"; }
count one "two and" three
declare -A pairs=([key]=value)
[[ "key=${pairs[key]}" =~ ^([a-z]+)= ]] && echo "pattern: key=value -> ${BASH_REMATCH[1]}"
cat <<<here
cmp <(seq 1000) <(seq 1000) && echo "process substitution: same"
echo "sorted: $(printf '%s\n' c a b | sort | tr '\n' ' ' | sed 's/ $//')"
END
/bin/bash script.bash
echo "digest: $(printf data | sha256sum | cut -d' ' -f1)"
echo "factors: $(factor 1000000016000000063 | cut -d' ' -f2-)"
# ldd is a shell script around this: the interpreter lists what it would map.
echo "libraries:$(LD_TRACE_LOADED_OBJECTS=1 /usr/bin/factor | sed -n -e 's/^[^a-z]*\(libc\.so\.6\) .*/ \1/p' -e 's/^[^a-z]*\(linux-vdso\.so\.1\) .*/ \1/p' | sort | tr -d '\n')"
perl -e 'my $f = 1; $f *= $_ for 1 .. 20; print "perl: $f ", scalar reverse("hello"), "\n"'
perl -e 'open(my $f, "<", "/does/not/exist") or print "thread-local errno: $!\n"'
/bin/bash -c '/does/not/exist' 2>/dev/null
echo "status of a command that does not exist: $?"
