// The terminal: the serial line with Linux's line discipline between it and programs: editing, echo, signals, job control.
// Input goes from the interrupt into a ring; lines (or, in raw mode, bytes) are read from there. Output goes through a ring that
// the transmit interrupt empties.
// Locks: _lock (rank TerminalQueue, interrupts off) guards rings and modes; TaskTree.Lock may be taken inside it (signals), and
// guards session and foreground group. Linux: struct tty_struct, n_tty.
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Boot;
using Jiffy.Kernel.Irq;
using Jiffy.Kernel.Sync;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Wait;
using Jiffy.Machine;

namespace Jiffy.Kernel.Files;

public sealed partial class Terminal
{
    private readonly struct Rank : ILockRank
    {
        static LockRank ILockRank.Rank => LockRank.TerminalQueue;
    }

    private SpinLock<Rank, IrqsOff> _lock;
    private Termios _modes;
    private WindowSize _size;

    /// <summary>How often the line was hung up: files opened before know it by their number.</summary>
    private int _hangUps;

    internal int HangUps => _hangUps;

    /// <summary>TIOCEXCL: only the superuser may open it again. A single word; the last one to set it counts.</summary>
    internal bool IsExclusive;

    private readonly WaitQueue _readers = new();
    private SignalListeners _listeners;
    private readonly WaitQueue _writers = new();

    private Terminal()
    {
        _modes = Termios.Default;
        _size.Rows = (ushort)CommandLine.GetInt("tty.rows"u8, 0);
        _size.Columns = (ushort)CommandLine.GetInt("tty.cols"u8, 0);
    }

    /// <summary>The serial console, /dev/ttyS0 and /dev/console.</summary>
    public static Terminal Serial { get; private set; } = null!;

    public static void Init()
    {
        Serial = new Terminal();
        TerminalOperations.Register();
        InterruptTable.Register(InterruptLine.Serial, "ttyS0", static () => Serial.Interrupt());
        InterruptLines.Enable(InterruptLine.Serial);
        SerialPort.EnableReceive();
    }

    /// <summary>The session whose controlling terminal this is. Guard: TaskTree.Lock.</summary>
    internal Session? Session;

    /// <summary>Id of the process group that may read and gets ^C; zero: none. Guard: TaskTree.Lock.</summary>
    internal int ForegroundId;

    /// <summary>Top half of the serial interrupt: takes what came, sends what waits.</summary>
    private void Interrupt()
    {
        using (_lock.Acquire())
        {
            // A byte that comes while the port still asks for output raises no new edge: so a last look after that.
            do
            {
                while (TryReceive())
                {
                }

                Pump();
            }
            while (TryReceive());
        }

        if (!InputIsReady)
            return;
        _readers.WakeUp(key: new WakeKey(FileConstants.POLLIN | FileConstants.POLLRDNORM));
        _listeners.Signal(SignalCode.POLL_IN);
    }

    /// <summary>O_ASYNC of a file: without an owner of its own it tells the foreground group, or the caller. ENOMEM.</summary>
    internal Errno SetListening(OpenFile file, int descriptor, bool on)
    {
        var error = _listeners.Set(file, descriptor, on);
        if (error != Errno.None || !on)
            return error;
        var foreground = Volatile.Read(ref ForegroundId);
        if (foreground == 0 || file.SetOwner(FileOwnerKind.Group, foreground, replaces: false) != Errno.None)
            file.SetOwner(FileOwnerKind.Process, Task.Current.Group.Id, replaces: false);
        return Errno.None;
    }

    private bool TryReceive()
    {
        if (!SerialPort.TryRead(out var value))
            return false;
        Receive(value);
        return true;
    }

    /// <summary>The session leader has ended: its foreground group is hung up, and files opened on the line so far are dead. TaskTree.Lock held.</summary>
    internal void LeaderEnded(Session session)
    {
        if (Session != session)
            return;
        if (Foreground is { } group)
        {
            Signals.SignalSender.SendToGroupLocked(group, SignalNumber.SIGHUP);
            Signals.SignalSender.SendToGroupLocked(group, SignalNumber.SIGCONT);
        }

        Session = null;
        ForegroundId = 0;
        session.Terminal = null;
        _hangUps++;
        IsExclusive = false;
        _readers.WakeUpAll();
        _writers.WakeUpAll();
    }
}
