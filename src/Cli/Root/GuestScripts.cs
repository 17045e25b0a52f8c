// The guest's own scripts. The first program talks to the tool in two ways: marks on the console, which the tool takes
// out of the output (ConsoleMarks), and the exit status given to the kernel, which repeats it on the debug console.
namespace Jiffy.Cli.Root;

internal static class GuestScripts
{
    /// <summary>The first program: mounts, terminal, the command or a shell, its exit status, power off.</summary>
    public const string Init =
        """
        #!/bin/sh
        # The first program of a Jiffy guest. Runs /etc/jiffy/command, or a login shell, and powers the machine off.
        export PATH=/bin:/sbin:/usr/bin:/usr/sbin HOME=/root USER=root LOGNAME=root SHELL=/bin/sh
        mount -t proc proc /proc
        mount -t sysfs sysfs /sys 2>/dev/null
        mount -t devtmpfs devtmpfs /dev 2>/dev/null
        [ -e /dev/fd ] || ln -s /proc/self/fd /dev/fd
        mkdir -p /dev/shm
        mount -t tmpfs -o mode=1777 tmpfs /dev/shm 2>/dev/null
        mount -t tmpfs -o mode=1777 tmpfs /tmp 2>/dev/null
        hostname -F /etc/hostname
        read -r TERM </etc/jiffy/terminal-type
        export TERM
        cd /root

        terminal=/dev/ttyS0
        [ -c $terminal ] || terminal=/dev/console
        # Opened once and kept: settings of a serial line last only while somebody has it open.
        exec 3<>$terminal
        [ ! -f /etc/jiffy/terminal ] || stty $(cat /etc/jiffy/terminal) <&3

        printf '\033]777;jiffy;ready\007' >&3
        if [ -f /etc/jiffy/batch ]; then
            sh /etc/jiffy/batch             # the tests' own script; it stays on the console and needs no terminal
        else
            setsid -c /bin/sh /etc/jiffy/session $terminal <$terminal >$terminal 2>&1 3>&-
        fi
        status=$?

        printf '\033]777;jiffy;status=%d\007' $status >/dev/console
        [ ! -w /proc/sys/kernel/exit_status ] || echo $status >/proc/sys/kernel/exit_status
        poweroff -f

        """;

    /// <summary>
    /// Leads the terminal's session. When a session's leader ends, its terminal hangs up and drops what is not yet sent;
    /// a change of settings waits until all is sent.
    /// </summary>
    public const string Session =
        """
        trap : INT QUIT
        [ ! -f /etc/jiffy/input ] || exec </etc/jiffy/input
        # This shell would tell when a signal ended the command; only the command itself is to be heard.
        exec 4>&2 2>/dev/null
        if [ -f /etc/jiffy/command ]; then
            (exec sh /etc/jiffy/command 2>&4 4>&-)
        else
            (exec sh -l 2>&4 4>&-)
        fi
        status=$?
        stty echo <$1; stty -echo <$1
        exit $status

        """;

    public const string Profile =
        """
        export PS1='jiffy:\w\$ '
        alias ll='ls -l'

        """;
}
