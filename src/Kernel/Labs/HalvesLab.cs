// Experiment: a device interrupts regularly and has much to do each time. Where that is done (in the top half, or after it in a softirq, a
// tasklet or a work queue) decides how late other interrupts are served and how long the holder of a spin lock is kept from releasing it.
// The device is a periodic high-resolution timer, its callback the top half; another timer stands for the other interrupts.
// Guard: samples of lateness are the timer's, of sections the thread's; all on one CPU.
using System;
using Jiffy.Kernel.Deferred;
using Jiffy.Kernel.Deferred.WorkQueues;
using Jiffy.Kernel.SelfTests;
using Jiffy.Kernel.Sync;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;
using Jiffy.Machine;

namespace Jiffy.Kernel.Labs;

internal static class HalvesLab
{
    private const long DevicePeriod = 1_000_000, OtherPeriod = 700_000;
    private const long SectionLength = 40_000;
    private const SoftirqVector Vector = SoftirqVector.NetReceive;
    private const int InTopHalf = 0, InTasklet = 2, InWorkQueue = 3; // 1: a softirq

    private static WorkItem s_item = null!;
    private static Tasklet s_tasklet = null!;
    private static HighResolutionTimer s_device = null!, s_other = null!;
    private static SpinLock<PlainRank, PreemptionOff> s_plain;
    private static SpinLock<SoftirqRank, SoftirqsOff> s_withSoftirqsOff;
    private static long s_work;
    private static int s_mode, s_done;
    private static bool s_goesOn;

    private readonly struct PlainRank : ILockRank
    {
        static LockRank ILockRank.Rank => LockRank.InodeTable;
    }

    private readonly struct SoftirqRank : ILockRank
    {
        static LockRank ILockRank.Rank => LockRank.InodeTable;
    }

    public static void AddTo(DriverFile labs)
    {
        s_device = new HighResolutionTimer(static timer => TopHalf(timer), null);
        s_other = new HighResolutionTimer(static timer => ServeOther(timer), null);
        s_tasklet = new Tasklet(static _ => Work());
        s_item = new WorkItem(static _ => Work(), null);
        s_plain = default;
        s_withSoftirqsOff = default;
        labs.Add("halves", "1", "mode= work= (us) count=: an interrupt's work in the top half (0), a softirq (1), a tasklet (2), a work queue (3)",
            static report => Run(report));
    }

    private static TimerRestart TopHalf(HighResolutionTimer timer)
    {
        switch (s_mode)
        {
            case InTopHalf:
                Work();
                break;
            case InTasklet:
                s_tasklet.Schedule();
                break;
            case InWorkQueue:
                WorkQueues.HighPriorityEvents.Queue(s_item);
                break;
            default:
                Softirq.Raise(Vector);
                break;
        }

        timer.Forward(TimeKeeper.Monotonic, DevicePeriod);
        return s_goesOn ? TimerRestart.Yes : TimerRestart.No;
    }

    private static void Work()
    {
        Helper.Spin(s_work);
        s_done++;
    }

    private static TimerRestart ServeOther(HighResolutionTimer timer)
    {
        Samples.First.Add(TimeKeeper.Monotonic - timer.Deadline);
        timer.Forward(TimeKeeper.Monotonic, OtherPeriod + Helper.Phase(Samples.First.Count, Helper.Millisecond)); // another phase each time
        return s_goesOn ? TimerRestart.Yes : TimerRestart.No;
    }

    private static void Run(Report report)
    {
        s_mode = (int)report.Number("mode"u8, InTopHalf);
        s_work = report.Number("work"u8, 100) * Helper.Microsecond;
        var count = (int)Math.Min(report.Number("count"u8, 300), Samples.Most);
        s_done = 0;
        s_goesOn = true;
        Helper.GoTo(0);
        Softirq.Register(Vector, static () => Work());
        var now = TimeKeeper.Monotonic;
        s_device.Start(now + DevicePeriod, ClockBase.Monotonic);
        s_other.Start(now + OtherPeriod, ClockBase.Monotonic);
        var row = report.Text;
        row.Append($"row mode={s_mode} work={s_work}");
        Samples.First.Clear();
        MeasureSections(count, softirqsOff: false);
        Samples.Second.WriteTo(row, "plain");
        MeasureSections(count, softirqsOff: true);
        Samples.Second.WriteTo(row, "bh");
        s_goesOn = false;
        s_device.Cancel();
        s_other.Cancel();
        Samples.First.WriteTo(row, "late");
        row.Append($" done={s_done}\n");
        Helper.GoAnywhere();
    }

    // How long the lock was held beyond what its holder had to do.
    private static void MeasureSections(int count, bool softirqsOff)
    {
        Samples.Second.Clear();
        while (Samples.Second.Count < count)
        {
            var held = softirqsOff ? HoldWithSoftirqsOff() : HoldPlain();
            Samples.Second.Add(held - SectionLength);
            Helper.Spin(Pause(Samples.Second.Count));
        }
    }

    // Between sections the phase against the device changes.
    private static long Pause(int index) => 20_000 + Helper.Phase(index, 30_000);

    private static long HoldPlain()
    {
        using (s_plain.Acquire())
            return Compute();
    }

    private static long HoldWithSoftirqsOff()
    {
        using (s_withSoftirqsOff.Acquire())
            return Compute();
    }

    // A fixed piece of work, not a fixed time: what interrupts it comes on top.
    private static long Compute()
    {
        var start = Clock.Now;
        var spent = 0L;
        var last = start;
        while (spent < SectionLength)
        {
            var now = Clock.Now;
            spent += Math.Min(now - last, Helper.Microsecond);
            last = now;
        }

        return last - start;
    }
}
