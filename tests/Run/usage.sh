# Wrong options: a message and status 2, before anything is built or booted.
# timeout: 30
# expect: 2 --cpus takes a number from 1 to 64, not '99'
# expect: 2 --memory takes a size
# expect: 2 --icount counts the instructions of a single CPU
# expect: 2 unknown option '--bogus'
# expect: 2 'true' is not an option
# expect: 2 Required argument missing for option: '--memory'
# expect: 2 no-such-files: no such file or directory
# expect: 2 Unrecognized command or argument 'nonsense'
try() {
    message=$1
    shift
    "$@" 2>errors
    echo $? "$(grep -o -F -m 1 -e "$message" errors)"
}
try "--cpus takes a number from 1 to 64, not '99'" $RUN --cpus 99
try '--memory takes a size' $RUN --memory lots
try '--icount counts the instructions of a single CPU' $RUN --icount --cpus 2
try "unknown option '--bogus'" $RUN --bogus -- true
try "'true' is not an option" $RUN true
try "Required argument missing for option: '--memory'" $RUN --memory
try 'no-such-files: no such file or directory' $RUN --initrd no-such-files -- true
try "Unrecognized command or argument 'nonsense'" $JIFFY nonsense
