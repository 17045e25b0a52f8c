// A POSIX timer: what it counts, whom it tells, and where it stands. Pooled; found by its id in its process.
// Its queued signal is its own from the beginning, so telling never fails. Guard of everything: TaskTree.Lock.
// Linux: struct k_itimer. man 2 timer_create.
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Signals;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Time;

internal enum PosixTimerState
{
    /// <summary>Disarmed, or fired for the only time.</summary>
    Off,

    /// <summary>Waits for its deadline.</summary>
    Armed,

    /// <summary>Periodic, has fired, and goes on when its signal is delivered.</summary>
    AwaitsDelivery,

    /// <summary>Periodic, has fired while its signal was ignored, and goes on when it is wanted.</summary>
    Ignored,

    /// <summary>Deleted: a callback that comes late does nothing.</summary>
    Deleted,
}

internal sealed class PosixTimer
{
    private Links<PosixTimer> _poolLinks;
    private TreeLinks<PosixTimer> _idLinks;

    private PosixTimer()
    {
        Real = new HighResolutionTimer(static timer => PosixTimers.Fire(timer), this, "posix_timer_fn");
        CpuTime = new CpuAlarm(static alarm => PosixTimers.FireLocked((PosixTimer)alarm.Owner), this);
    }

    public static Pool<PosixTimer, Pooled> Pool { get; private set; } = null!;

    public ThreadGroup Process = null!;
    public int Id;

    /// <summary>The clock's number in the ABI.</summary>
    public int Clock;

    /// <summary>Whose CPU time it counts: a task's id and serial number, with which it is found as long as it lives.</summary>
    public int CpuTaskId;
    public uint CpuTaskSerial;

    /// <summary>SIGEV_*.</summary>
    public int Notify;
    public int Signal;
    public ulong Value;

    /// <summary>With SIGEV_THREAD_ID, who is told.</summary>
    public int ThreadId;
    public uint ThreadSerial;

    public PosixTimerState State;

    /// <summary>Nanoseconds between two expirations; zero: fires once.</summary>
    public long Interval;

    /// <summary>The next expiration, or the last one when it has fired; on <see cref="Base"/>, or on the CPU-time clock.</summary>
    public long Deadline;
    public ClockBase Base;

    /// <summary>Expirations beyond the first that the waiting signal will tell of.</summary>
    public long Overruns;

    /// <summary>What timer_getoverrun says: of the signal delivered last.</summary>
    public int OverrunsTold;

    /// <summary>The signal, when it is sent; and the thread on whose own queue it waits, null for the process's.</summary>
    public QueuedSignal Entry = null!;
    public Task? QueuedOn;

    public HighResolutionTimer Real { get; }
    public CpuAlarm CpuTime { get; }

    public bool CountsCpuTime => CpuClock.IsNumber(Clock);
    public bool IsSilent => Notify == SignalEvent.SIGEV_NONE;

    /// <summary>At most <paramref name="limit"/> in the whole system.</summary>
    public static void Init(int limit) => Pool = new Pool<PosixTimer, Pooled>("posix_timer", limit);

    /// <summary>Sets an object from the pool up, disarmed.</summary>
    public void Reset(ThreadGroup process, int clock, in SignalEvent wanted)
    {
        Process = process;
        Clock = clock;
        CpuTaskId = 0;
        CpuTaskSerial = 0;
        Notify = wanted.Notify;
        Signal = wanted.Signal;
        Value = wanted.Value;
        ThreadId = 0;
        ThreadSerial = 0;
        State = PosixTimerState.Off;
        Interval = 0;
        Deadline = 0;
        Base = ClockBase.Monotonic;
        Overruns = 0;
        OverrunsTold = 0;
        QueuedOn = null;
    }

    public readonly struct Pooled : IPooled<PosixTimer>
    {
        public static ref Links<PosixTimer> Of(PosixTimer item) => ref item._poolLinks;
        public static PosixTimer Create() => new();
        public static int Bytes => 512;
    }

    public readonly struct ById : ITreeItem<PosixTimer>, ITreeKey<PosixTimer, int>
    {
        public static ref TreeLinks<PosixTimer> Links(PosixTimer item) => ref item._idLinks;
        public static int Compare(PosixTimer a, PosixTimer b) => a.Id - b.Id;
        public static int Compare(int key, PosixTimer item) => key - item.Id;
        public static bool IsAugmented => false;

        public static void Augment(PosixTimer item, PosixTimer? left, PosixTimer? right)
        {
        }
    }
}
