// The script by which a guest runs many cases in one boot. Each case stands between two marks on the console, in a
// session and a directory of its own; a time limit in the guest ends it, and what it left running is killed.
using System.Collections.Generic;
using System.Text;
using Jiffy.Cli.Root;

namespace Jiffy.Cli.Testing.Guest;

internal static class BatchScript
{
    public const string Begin = "begin=";
    public const string End = "end=";
    public const string Done = "done";

    /// <summary>Where the guest finds a case's script, and its program.</summary>
    public static string ScriptPath(GuestCase item) => $"tests/{item.Name}.sh";

    public static string ProgramPath(string binary) => $"tests/bin/{binary}";

    public static string Create(IEnumerable<GuestCase> cases)
    {
        var script = new StringBuilder(Functions);
        foreach (var item in cases)
            script.Append(Call(item)).Append('\n');
        return script.Append($"mark {Done}\n").ToString();
    }

    private static string Call(GuestCase item)
    {
        var words = item.Kind switch
        {
            CaseKind.Shell => $"batch_case {Word(item.Name)} {item.Timeout} sh {Word("/" + ScriptPath(item))}",
            CaseKind.Program => $"batch_case {Word(item.Name)} {item.Timeout} {Word("/" + ProgramPath(item.Binary))}",
            _ => $"terminal_case {Word(item.Name)}",
        };
        foreach (var argument in item.Arguments)
            words += " " + Word(argument);
        return words;
    }

    private static string Word(string word) => Encoding.UTF8.GetString(ShellText.Quote(Encoding.UTF8.GetBytes(word)));

    private const string Functions =
        """
        export PATH=$PATH:/tests/bin
        mark() { printf '\033]777;jiffy;%s\007' "$1"; }

        enter() {
            rm -rf /tmp/case
            mkdir -p /tmp/case
            cd /tmp/case
            mark "begin=$1"
        }

        leave() {
            [ ! -f /tmp/session ] || kill -KILL -- -$(cat /tmp/session) 2>/dev/null
            cd /
            mark "end=$1;$2"
        }

        # NAME SECONDS COMMAND...
        batch_case() {
            name=$1 seconds=$2
            shift 2
            enter $name
            setsid sh -c 'echo $$ >/tmp/session; exec timeout -k 2 "$@"' sh $seconds "$@" </dev/null 2>&1
            leave $name $?
        }

        # A login shell that leads a session on the terminal, as after a boot. The terminal begins in its usual settings.
        terminal_case() {
            enter $1
            rm -f /tmp/session
            stty sane rows 24 cols 80 </dev/ttyS0
            setsid -c sh /etc/jiffy/session /dev/ttyS0 </dev/ttyS0 >/dev/ttyS0 2>&1
            status=$?
            stty sane -echo -onlcr
            leave $1 $status
        }

        stty sane -echo -onlcr

        """;
}
