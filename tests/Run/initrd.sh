# --initrd adds files from a directory and from cpio archives; the command sees them.
# expect: from a directory
# expect: a program
# expect: link
# expect: from an archive
mkdir -p tree/etc tree/bin
echo from a directory >tree/etc/added
printf '#!/bin/sh\necho a program\n' >tree/bin/added
chmod 755 tree/bin/added
ln -s /etc/added tree/link
mkdir archive && echo from an archive >archive/archived
(cd archive && echo archived | busybox cpio -o -H newc | gzip) >archive.gz 2>/dev/null
$RUN --initrd tree --initrd archive.gz -- sh -c 'cat /etc/added; added; [ -L /link ] && echo link; cat /archived'
