// One guest at work for the user: console and terminal tied together until the machine ends.
// Threads: the caller's copies the guest's output; a background thread copies the keyboard, from the guest's "ready"
// mark on. Signals and the time limit only kill the machine: the output then ends, and one path puts all in order.
using System;
using System.IO;
using System.Runtime.InteropServices;
using System.Threading;
using Jiffy.Cli.Root;

namespace Jiffy.Cli.Host;

/// <param name="Machine">How the machine ended.</param>
/// <param name="MarkedStatus">The exit status the first program wrote to the console, if any.</param>
/// <param name="TimedOut">The time limit ended it.</param>
/// <param name="Signal">The signal to this tool that ended it, or 0.</param>
internal sealed record SessionEnd(MachineEnd Machine, int? MarkedStatus, bool TimedOut, int Signal)
{
    public int? ExitStatus => Machine.ExitStatus ?? MarkedStatus;
}

internal sealed class GuestSession(MachineOptions options, string initrd, ScratchDirectory scratch)
{
    private readonly MemoryStream _heldBack = new();
    private VirtualMachine? _machine;
    private Timer? _timer;
    private int? _markedStatus;
    private volatile bool _timedOut;
    private volatile int _signal;
    private bool _isReady;
    private bool _isOver;

    /// <summary>Ends the machine after this time; zero means no limit.</summary>
    public TimeSpan Limit { get; init; }

    /// <summary>What to type for a command whose input is a pipe or a terminal; null when it gets none.</summary>
    public GuestInput? Input { get; init; }

    /// <summary>Where the machine waits for a debugger before its first instruction; null when it does not.</summary>
    public int? GdbPort { get; init; }

    /// <summary>Runs the guest to its end.</summary>
    public SessionEnd Run()
    {
        using var guardian = new Guardian();
        using var terminal = Input?.Terminal;
        using var machine = VirtualMachine.Start(options, new MachineFiles(initrd, scratch.File("debug-console"), GdbPort), guardian);
        _machine = machine;
        if (terminal is not null)
        {
            guardian.WatchTerminal(terminal.Settings);
            terminal.MakeRaw();
        }
        using var signals = new SignalHandlers(Stop);
        using (_timer = Limit > TimeSpan.Zero ? new Timer(_ => TimeOut(), null, Limit, Timeout.InfiniteTimeSpan) : null)
            CopyOutput(machine.Output);
        var end = machine.End();
        terminal?.Dispose();
        ShowHeldBack(end);
        return new SessionEnd(end, _markedStatus, _timedOut, _signal);
    }

    private void TimeOut()
    {
        _timedOut = true;
        _machine?.Kill();
    }

    private void Stop(int signal)
    {
        _signal = signal;
        _machine?.Kill();
    }

    private void CopyOutput(Stream output)
    {
        var marks = new ConsoleMarks();
        var buffer = new byte[1 << 14];
        for (int count; (count = output.Read(buffer)) > 0;)
            foreach (var piece in marks.Take(buffer.AsMemory(0, count)))
            {
                if (piece.Mark is { } mark)
                    Obey(mark);
                else
                    Show(piece.Output.Span);
            }
        Show(marks.Rest());
    }

    private void Obey(string mark)
    {
        if (mark == ConsoleMarks.Ready && !_isReady)
        {
            _isReady = true;
            Input?.StartTyping(_machine!);
        }
        else if (mark.StartsWith(ConsoleMarks.StatusPrefix, StringComparison.Ordinal)
            && int.TryParse(mark.AsSpan(ConsoleMarks.StatusPrefix.Length), out var status))
        {
            _markedStatus = status & 0xff;
            _isOver = true;
        }
    }

    // Before the guest is ready and after its command's end, its console carries only what the kernel says.
    private void Show(ReadOnlySpan<byte> bytes)
    {
        if (_isReady && !_isOver)
            Descriptors.Write(Descriptors.StandardOutput, bytes);
        else if (options.ShowsKernelLog)
            Descriptors.Write(Descriptors.StandardError, bytes);
        else
            _heldBack.Write(bytes);
    }

    /// <summary>When the guest did not come up or panicked, the user sees all that was said.</summary>
    private void ShowHeldBack(MachineEnd end)
    {
        if (!_isReady || end.Outcome != MachineOutcome.PoweredOff)
            Descriptors.Write(Descriptors.StandardError, _heldBack.ToArray());
        if (_isReady && !_isOver && end.Outcome == MachineOutcome.Panicked && !Descriptors.IsTerminal(Descriptors.StandardOutput))
            Descriptors.Write(Descriptors.StandardError, end.DebugConsole);
        if (end.Outcome == MachineOutcome.Failed)
            Descriptors.Write(Descriptors.StandardError, end.Messages);
    }

    /// <summary>Signals that end the tool must first end the machine and give the terminal back.</summary>
    private sealed class SignalHandlers : IDisposable
    {
        private readonly PosixSignalRegistration[] _registrations;

        public SignalHandlers(Action<int> stop)
        {
            PosixSignalRegistration On(PosixSignal signal, int number) => PosixSignalRegistration.Create(signal, context =>
            {
                context.Cancel = true;
                stop(number);
            });
            _registrations = [On(PosixSignal.SIGHUP, 1), On(PosixSignal.SIGINT, 2), On(PosixSignal.SIGQUIT, 3), On(PosixSignal.SIGTERM, 15)];
        }

        public void Dispose()
        {
            foreach (var registration in _registrations)
                registration.Dispose();
        }
    }
}
