// A small helper process that outlives this tool by a moment. If the tool dies in whatever way, its end of the pipe
// closes; the guardian then kills the virtual machine and gives the terminal its settings back.
using System;
using System.Diagnostics;
using System.IO;

namespace Jiffy.Cli.Host;

internal sealed class Guardian : IDisposable
{
    private const string Script =
        """
        trap '' HUP INT QUIT TERM TSTP TTIN TTOU
        while read -r word value; do
            case $word in
                machine) machine=$value ;;
                terminal) terminal=$value ;;
                done) exit 0 ;;
            esac
        done
        [ -z "$machine" ] || kill -9 "$machine"
        [ -z "$terminal" ] || stty "$terminal" </dev/tty
        """;

    private readonly Process _process;

    public Guardian()
    {
        var start = new ProcessStartInfo("/bin/sh", ["-c", Script])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["machine"] = "";
        start.Environment["terminal"] = "";
        _process = Process.Start(start) ?? throw new CliFailure("cannot start /bin/sh");
        _process.StandardInput.AutoFlush = true;
    }

    public void WatchMachine(int processId) => Tell($"machine {processId}");

    /// <param name="settings">As printed by `stty -g`.</param>
    public void WatchTerminal(string settings) => Tell($"terminal {settings}");

    /// <summary>All is in order again: nothing is left to do for the guardian.</summary>
    public void Dispose()
    {
        Tell("done");
        _process.StandardInput.Close();
        _process.WaitForExit(2000);
        _process.Dispose();
    }

    private void Tell(string line)
    {
        try
        {
            _process.StandardInput.WriteLine(line);
        }
        catch (IOException)
        {
            // The guardian was killed. The tool still cleans up after itself when it ends in order.
        }
    }
}
