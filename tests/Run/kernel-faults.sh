# Kernel faults that no single task can be ended for: report, reason, status 101, and never a hang.
# timeout: 240
# expect: STACK 101
# expect: PANIC 101
# expect: LOCKED 101
# expect: MUTEX 101
# expect: IRQSOFF 101
# expect: IRQ 101
# expect: IRQSTACK 101
# expect: LOG 101
# expect: SERIAL 101
# expect: REPORT 101
# expect: panic_on_oops from the command line 101
# expect: panic_on_oops from /proc 101
# expect: not otherwise 0
# expect: in init 101
FILE=/sys/kernel/debug/provoke-crash/DIRECT

# KIND REGEX...: what is printed must match all.
fatal() {
    kind=$1
    shift
    $RUN --timeout 30 --append provoke -- sh -c "echo $kind >$FILE; echo alive" >out 2>&1
    status=$?
    for regex in "$@"; do
        grep -Eq "$regex" out || { echo "$kind: nothing like $regex"; cat out >&2; }
    done
    grep -q '^alive' out && echo "$kind: the task goes on"
    echo $kind $status
}

fatal STACK 'kernel stack overflow' 'task sh \(pid [0-9]+\)' 'Provoke\.Overrun\+[0-9a-f]+ \(src/Kernel/Observe/Provoke\.cs:[0-9]+\)' \
    'Kernel panic - not syncing: kernel stack overflow'
fatal PANIC 'Kernel panic - not syncing: provoked' 'task sh' 'Provoke\.NowFatal.*Provoke\.cs:[0-9]+'
fatal LOCKED 'Kernel panic - not syncing: fault with a spin lock held' 'Provoke\.WithSpinLock\+.*Provoke\.cs:[0-9]+'
fatal MUTEX 'Kernel panic - not syncing: fault with a sleeping lock held' 'Provoke\.WithMutex\+.*Provoke\.cs:[0-9]+'
fatal IRQSOFF 'Kernel panic - not syncing: fault with interrupts off'
fatal IRQ 'Kernel panic - not syncing: fault in an interrupt' 'Interrupts\.Timer\+.*Interrupts\.cs:[0-9]+' \
    'Provoke\.InInterrupt\+.*Provoke\.cs:[0-9]+' 'system_call_entry\+'
fatal IRQSTACK 'kernel fault: interrupt stack overflow' 'task sh' 'Provoke\.Overrun\+' 'Kernel panic - not syncing: interrupt stack overflow'
fatal LOG 'Kernel panic - not syncing: fault with a spin lock held' 'KernelLog\.FaultWhileLocked\+.*KernelLog\.cs:[0-9]+'
fatal SERIAL 'Kernel panic - not syncing: fault with a spin lock held' 'Provoke\.WithSerialLock\+.*Provoke\.cs:[0-9]+'
fatal REPORT 'Kernel panic - not syncing: another fault during the report: null reference'

# WHAT WORDS COMMAND
one_null() {
    $RUN --timeout 30 --append "provoke $2" -- sh -c "$3; sh -c 'echo NULL >$FILE'; true" >out 2>&1
    echo $1 $?
}
one_null 'panic_on_oops from the command line' panic_on_oops true
one_null 'panic_on_oops from /proc' '' 'echo 1 >/proc/sys/kernel/panic_on_oops'
one_null 'not otherwise' '' true

mkdir root
printf '#!/bin/sh\nmount -t sysfs sysfs /sys\necho NULL >%s\n' $FILE >root/faulty-init
chmod 755 root/faulty-init
$RUN --timeout 30 --initrd root --append 'provoke init=/faulty-init' >out 2>&1 </dev/null
status=$?
grep -q 'Kernel panic - not syncing: fault in init' out && echo in init $status
