// A callback that is still running when somebody waits for its end, however slow the machine: it does not end before the waiter says that it
// is about to wait, and then takes a while longer. Guard: flags, written by one side and read by the other.
using System.Threading;
using Jiffy.Machine;

namespace Jiffy.Kernel.SelfTests;

internal sealed class LongRun
{
    private const long AfterWaiter = 3 * Helper.Millisecond, Limit = 5 * Helper.Second;

    private int _started, _waiterComes, _ended;

    public bool HasStarted => Volatile.Read(ref _started) != 0;

    public bool HasEnded => Volatile.Read(ref _ended) != 0;

    /// <summary>Makes it new. Nothing runs.</summary>
    public void Reset()
    {
        _started = 0;
        _ended = 0;
        Volatile.Write(ref _waiterComes, 0);
    }

    /// <summary>The callback's body. Any context.</summary>
    public void Run()
    {
        Volatile.Write(ref _started, 1);
        var end = Clock.Now + Limit;
        while (Volatile.Read(ref _waiterComes) == 0 && Clock.Now < end)
            Cpu.Relax();
        Helper.Spin(AfterWaiter);
        Volatile.Write(ref _ended, 1);
    }

    /// <summary>Spins until the callback runs. False: it does not come.</summary>
    public bool WaitForStart()
    {
        var end = Clock.Now + Limit;
        while (!HasStarted && Clock.Now < end)
            Cpu.Relax();
        return HasStarted;
    }

    /// <summary>The caller is about to wait for the callback's end: from now on that may come.</summary>
    public void LetEnd() => Volatile.Write(ref _waiterComes, 1);
}
