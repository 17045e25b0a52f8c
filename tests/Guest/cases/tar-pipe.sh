# tar | tar copies a tree with its links, permissions and contents.
# timeout: 60
# expect: the copy is the same
# expect: -rwxr-x--- run
# expect: link -> deep/er/file7
umask 022
mkdir -p from/deep/er to
for i in $(seq 30); do seq $((i * 100)) >from/deep/er/file$i; done
printf x >from/run && chmod 750 from/run && ln -s deep/er/file7 from/link
tar -c -f - -C from . | tar -x -f - -C to
diff -r from to && echo the copy is the same
ls -l to/run | awk '{ print $1, "run" }'
echo "link -> $(readlink to/link)"
