// One running QEMU: its console as two streams, its end as a value. Killed at the latest when it is disposed,
// and by its guardian if the tool itself is killed.
using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading.Tasks;

namespace Jiffy.Cli.Host;

internal enum MachineOutcome
{
    /// <summary>The kernel powered the machine off.</summary>
    PoweredOff,

    /// <summary>The kernel reported a panic.</summary>
    Panicked,

    /// <summary>Killed by us: time-out or request.</summary>
    Killed,

    /// <summary>QEMU ended in another way: it could not start, or was killed by others.</summary>
    Failed,
}

/// <summary>How a machine ended.</summary>
/// <param name="ExitStatus">What the kernel was told as exit status of the guest, if anything.</param>
/// <param name="DebugConsole">All that the kernel wrote to the debug console.</param>
/// <param name="Messages">QEMU's own messages.</param>
internal sealed record MachineEnd(MachineOutcome Outcome, int QemuStatus, int? ExitStatus, string DebugConsole, string Messages);

internal sealed class VirtualMachine : IDisposable
{
    private const string StatusLine = "jiffy: exit status ";

    private readonly Process _process;
    private readonly Task<string> _messages;
    private readonly string _debugConsole;
    private volatile bool _killed;

    private VirtualMachine(Process process, string debugConsole)
    {
        _process = process;
        _debugConsole = debugConsole;
        _messages = process.StandardError.ReadToEndAsync();
    }

    /// <summary>What the guest's console prints.</summary>
    public Stream Output => _process.StandardOutput.BaseStream;

    /// <summary>Processor time QEMU has used so far.</summary>
    public TimeSpan ProcessorTime
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    public static VirtualMachine Start(MachineOptions options, MachineFiles files, Guardian guardian)
    {
        var kernel = options.Kernel ?? Repository.KernelImage;
        if (!File.Exists(kernel))
            throw new CliFailure($"the kernel image {Repository.Relative(kernel)} is missing (jiffy build makes it)");
        var qemu = HostCommand.FindOrFail(Prerequisites.Qemu.Program, Prerequisites.Qemu.Package);
        var start = new ProcessStartInfo(qemu, QemuArguments.For(options, files))
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var process = Process.Start(start) ?? throw new CliFailure($"cannot start {qemu}");
        guardian.WatchMachine(process.Id);
        return new VirtualMachine(process, files.DebugConsole);
    }

    /// <summary>Types on the guest's console. Bytes for a machine that has ended are dropped.</summary>
    public void Type(ReadOnlySpan<byte> bytes)
    {
        try
        {
            var input = _process.StandardInput.BaseStream;
            input.Write(bytes);
            input.Flush();
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException or InvalidOperationException)
        {
        }
    }

    /// <summary>Ends the machine at once.</summary>
    public void Kill()
    {
        _killed = true;
        try
        {
            _process.Kill();
        }
        catch (InvalidOperationException)
        {
            // Has ended already.
        }
    }

    /// <summary>Waits for the machine's end. False when it still runs after the limit.</summary>
    public bool WaitForEnd(TimeSpan limit) => _process.WaitForExit(limit);

    /// <summary>How it ended. Waits for that.</summary>
    public MachineEnd End()
    {
        _process.WaitForExit();
        var debugConsole = File.Exists(_debugConsole) ? File.ReadAllText(_debugConsole) : "";
        var status = _process.ExitCode;
        var outcome = status switch
        {
            QemuArguments.StatusPanic => MachineOutcome.Panicked,
            _ when _killed => MachineOutcome.Killed,
            0 or QemuArguments.StatusOff => MachineOutcome.PoweredOff,
            _ => MachineOutcome.Failed,
        };
        return new MachineEnd(outcome, status, ExitStatusIn(debugConsole), debugConsole, _messages.Result);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    internal static int? ExitStatusIn(string debugConsole)
    {
        var line = debugConsole.Split('\n').LastOrDefault(line => line.StartsWith(StatusLine, StringComparison.Ordinal));
        return line is not null && int.TryParse(line.AsSpan(StatusLine.Length).Trim(), out var status) ? status & 0xff : null;
    }
}
