// What the self-tests of both kinds of work queues have in common: items that write down how they were run.
// Guard: an item's record is its worker's while it runs, and read when it has run; the common counts are atomic.
using System.Threading;
using Jiffy.Kernel.Deferred.WorkQueues;
using Jiffy.Kernel.Irq;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;
using Jiffy.Machine;

namespace Jiffy.Kernel.SelfTests;

internal enum WorkKind
{
    /// <summary>Only leaves its trace.</summary>
    Trace,

    /// <summary>Computes for a few milliseconds.</summary>
    Computes,

    /// <summary>Sleeps until the gate is open.</summary>
    WaitsAtGate,

    /// <summary>Computes until the gate is open.</summary>
    SpinsAtGate,

    /// <summary>Queues itself again until told to stop.</summary>
    QueuesItself,
}

internal sealed class WorkRecord
{
    private static int s_running, s_mostRunning, s_runs, s_order, s_gate;

    public WorkRecord(int number)
    {
        Number = number;
        Item = new DelayedWork(static item => ((WorkRecord)item.Owner!).Run(), this);
    }

    public int Number { get; }

    public DelayedWork Item { get; }

    public WorkKind Kind { get; set; }

    /// <summary>Where an item that queues itself does so; one of them.</summary>
    public WorkQueue? Queue { get; set; }

    public ThreadedWorkQueue? OldQueue { get; set; }

    /// <summary>An item that queues itself does so until it has run so often.</summary>
    public int RunsWanted;

    /// <summary>How often it ran, how often it was found running already, where last, and whether it could sleep there.</summary>
    public int Runs;
    public int Overlaps;
    public int LastCpu;
    public int LastNice;
    public bool CouldSleep;
    public long LastTick;
    private int _isRunning;

    /// <summary>Runs of all items; items running now, and the most at once; the numbers of those that ran, as decimal digits.</summary>
    public static int AllRuns => Volatile.Read(ref s_runs);
    public static int Running => Volatile.Read(ref s_running);
    public static int MostRunning => Volatile.Read(ref s_mostRunning);
    public static int Order => Volatile.Read(ref s_order);

    public bool HasRun => Volatile.Read(ref Runs) > 0;

    /// <summary>Forgets the common counts and closes the gate. Nothing runs.</summary>
    public static void Begin()
    {
        s_running = 0;
        s_mostRunning = 0;
        s_runs = 0;
        s_order = 0;
        Volatile.Write(ref s_gate, 0);
    }

    public static void OpenGate() => Volatile.Write(ref s_gate, 1);

    /// <summary>Forgets what is written and says what to do next time.</summary>
    public WorkRecord As(WorkKind kind)
    {
        Kind = kind;
        Runs = 0;
        Overlaps = 0;
        LastCpu = -1;
        CouldSleep = false;
        RunsWanted = int.MaxValue;
        return this;
    }

    private void Run()
    {
        if (Interlocked.Exchange(ref _isRunning, 1) != 0)
            Interlocked.Increment(ref Overlaps);
        var now = Interlocked.Increment(ref s_running);
        for (var most = MostRunning; now > most; most = MostRunning)
            Interlocked.CompareExchange(ref s_mostRunning, now, most);
        LastCpu = Cpu.Id;
        LastNice = Task.Current.Nice;
        LastTick = Jiffies.Now;
        CouldSleep = Context.MaySleep;
        Work();
        Interlocked.Decrement(ref s_running);
        s_order = s_order * 10 + Number;
        Volatile.Write(ref _isRunning, 0);
        Interlocked.Increment(ref Runs);
        Interlocked.Increment(ref s_runs);
    }

    private void Work()
    {
        switch (Kind)
        {
            case WorkKind.Computes:
                Helper.Spin(3 * Helper.Millisecond);
                break;
            case WorkKind.WaitsAtGate:
                Helper.WaitFor(static () => Volatile.Read(ref s_gate) != 0);
                break;
            case WorkKind.SpinsAtGate:
                Helper.SpinFor(static () => Volatile.Read(ref s_gate) != 0);
                break;
            case WorkKind.QueuesItself:
                if (Runs + 1 < RunsWanted)
                {
                    Queue?.Queue(Item);
                    OldQueue?.Queue(Item);
                }

                break;
        }
    }
}
