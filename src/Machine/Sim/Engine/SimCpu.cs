// One simulated processor: who runs on it, which interrupts wait for it, what its translation cache holds.
using System.Collections.Generic;

namespace Jiffy.Machine.Sim;

/// <summary>Interrupts that wait to be taken, one bit each, in order of urgency.</summary>
[System.Flags]
public enum PendingInterrupts
{
    None = 0,
    Flush = 1 << 0,
    Call = 1 << 1,
    Reschedule = 1 << 2,
    Timer = 1 << 3,
    Serial = 1 << 4,
}

internal sealed class SimCpu
{
    public SimCpu(int id) => Id = id;

    public readonly int Id;
    public readonly TranslationCache Translations = new();
    public readonly List<FlushRequest> Flushes = new();

    /// <summary>The stack in use.</summary>
    public Fiber? Running;

    public bool IsStarted, IsStopped, IsHalted;
    public bool InterruptsOn;

    /// <summary>Handlers under way, nested ones too; their way out is none.</summary>
    public int Interrupts;

    public long FlushInterrupts;
    public PendingInterrupts Pending;

    /// <summary>How many points an interrupt was held back by choice; bounded so that none waits for ever.</summary>
    public int Deferrals;

    public long Alarm = long.MaxValue;

    /// <summary>Root of the user page table in use.</summary>
    public PageTable Table;

    /// <summary>The machine's epoch when this CPU last spun: until another CPU moves, running it is of no use.</summary>
    public long SpunAtEpoch = -1;

    /// <summary>Points passed since the last spin; few of them mean that the CPU is still in its spinning loop.</summary>
    public int PointsSinceSpin = int.MaxValue / 2;

    public bool CanRun => IsStarted && !IsStopped && (!IsHalted || Pending != 0);

    public void Reset()
    {
        Translations.Clear();
        Flushes.Clear();
        Running = null;
        IsStarted = IsStopped = IsHalted = InterruptsOn = false;
        Pending = PendingInterrupts.None;
        Deferrals = 0;
        Interrupts = 0;
        FlushInterrupts = 0;
        Alarm = long.MaxValue;
        Table = default;
        SpunAtEpoch = -1;
        PointsSinceSpin = int.MaxValue / 2;
    }
}

/// <summary>A wish that other CPUs forget translations; done when <see cref="Waiting"/> is zero.</summary>
internal sealed class FlushRequest
{
    public ulong Start, End;
    public FrameNumber Root;
    public int Waiting;
}
