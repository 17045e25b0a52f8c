# At the shell's prompt less than 24 MiB of memory are taken: by kernel, files and programs together.
# host: no
# expect: small
free -k | awk '$1 == "Mem:" { taken = 262144 - $4; print taken < 24576 ? "small" : "taken: " taken " kB" }'
