# ls -lR shows kinds, permissions, sizes and link targets of a tree it has just seen made.
# timeout: 20
# expect: ./:
# expect: drwxr-xr-x 2 a
# expect: -rw-r----- 3 b
# expect: lrwxrwxrwx 1 l -> b
# expect: ./a:
# expect: -rwxr-xr-x 0 x
# expect: prw-r--r-- 0 y
umask 022
mkdir a && printf abc >b && chmod 640 b && ln -s b l && : >a/x && chmod 755 a/x && mkfifo a/y
ls -lR ./ | awk '
    /^total/ || NF == 0 { next }
    /:$/ { print; next }
    /^d/ { print $1, $2, $9; next }
    { print $1, $5, $9 ($10 == "" ? "" : " " $10 " " $11) }'
