// Self-test of the timer wheel: never early, late by an eighth of the distance at most, changed, taken off, waited for; and a million timers
// at once. Guard: one timer's callers are serialised here; what a callback writes is read after it has run.
using System.Threading;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;
using Jiffy.Machine;
using Timer = Jiffy.Kernel.Time.Timer;

namespace Jiffy.Kernel.SelfTests;

internal static class CoarseTimers
{
    private const int Million = 1_000_000;
    private const int PartBits = 16, Part = 1 << PartBits;
    private const int Few = 64;
    private const int Spread = 400;  // ticks over which the million fires
    private const int FarAway = 3600 * Jiffies.PerSecond;

    private static Pool<Timer, PooledTimer> s_pool = null!;
    private static Timer[] s_few = null!;
    private static Timer s_slow = null!, s_rearming = null!;
    private static Timer?[]?[] s_million = null!; // in parts, since no single object may be that large
    private static int s_wanted, s_fired, s_early, s_mostLate, s_wrongCpu, s_cpu, s_rearms;
    private static LongRun s_long = null!;

    private readonly struct PooledTimer : IPooled<Timer>
    {
        public static ref Links<Timer> Of(Timer item) => ref Timer.InSlot.Of(item); // a timer in the pool is on no wheel
        public static Timer Create() => new(static timer => Fired(timer), null);
        public static int Bytes => 112;
    }

    public static void AddTo(DriverFile tests)
    {
        s_few = new Timer[Few];
        for (var i = 0; i < Few; i++)
            s_few[i] = new Timer(static timer => Fired(timer), null);
        s_slow = new Timer(static _ => s_long.Run(), null);
        s_rearming = new Timer(static timer => FireAgain(timer), null);
        s_long = new LongRun();
        s_pool = new Pool<Timer, PooledTimer>("selftest_timer", Million);
        s_million = new Timer?[]?[Million / Part + 1];
        for (var i = 0; i < s_million.Length; i++)
            s_million[i] = ObjectHeap.TryReserve(Part * 8 + 64) ? new Timer?[Part] : null;
        tests.Add("timers", "1 2 4", "timer wheel: never early, late by an eighth at most, changed, taken off, waited for", static report => Run(report));
        tests.Add("million-timers", "2", "timer wheel with a million timers: started, changed, taken off, fired, none lost", static report => RunMillion(report));
    }

    private static void Fired(Timer timer)
    {
        Interlocked.Increment(ref s_fired);
        var late = Jiffies.Now - timer.Expires;
        if (late < 0)
            Interlocked.Increment(ref s_early);
        if (late > s_mostLate)
            s_mostLate = (int)late;
        if (Cpu.Id != s_cpu)
            Interlocked.Increment(ref s_wrongCpu);
    }

    private static void Begin()
    {
        s_fired = 0;
        s_early = 0;
        s_mostLate = 0;
        s_wrongCpu = 0;
        s_cpu = Cpu.Id;
    }

    private static void Run(Report report)
    {
        Helper.GoTo(Scheduler.Online.Count - 1);
        AtTheirTime(report);
        Changed(report);
        TakenOff(report);
        FromTheCallback(report);
        WaitedFor(report);
        Helper.GoAnywhere();
    }

    private static void AtTheirTime(Report report)
    {
        Begin();
        for (var i = 0; i < Few; i++)
            s_few[i].StartIn(1 + i * 3);
        Helper.WaitFor(static () => Volatile.Read(ref s_fired) == Few);
        report.Equal(s_fired, Few, "each timer fires once");
        report.Equal(s_early, 0, "none of them early");
        report.AtMost(s_mostLate, Few * 3 / 8 + 25, "the latest, in ticks"); // an eighth, and what other work of the host costs
        report.Equal(s_wrongCpu, 0, "none on another CPU than the one that started it");
    }

    private static void Changed(Report report)
    {
        Begin();
        var timer = s_few[0];
        timer.StartIn(2000);
        timer.StartIn(3);
        report.That(timer.IsPending && Helper.WaitFor(static () => Volatile.Read(ref s_fired) == 1), "changed to an earlier time, it fires then");
        timer.StartIn(2);
        timer.StartIn(40);
        var expires = timer.Expires;
        Helper.WaitFor(static () => Volatile.Read(ref s_fired) == 2);
        report.That(Jiffies.Now >= expires && s_early == 0, "changed to a later time, it fires not before that");
    }

    private static void TakenOff(Report report)
    {
        Begin();
        var timer = s_few[0];
        timer.StartIn(3);
        var first = timer.Cancel();
        var second = timer.Cancel();
        s_few[1].StartIn(12);
        Helper.WaitFor(static () => Volatile.Read(ref s_fired) == 1);
        report.That(first && !second && !timer.IsPending, "taken off once, it is off");
        report.Equal(s_fired, 1, "and does not fire when a later one does");
    }

    private static void FireAgain(Timer timer)
    {
        if (++s_rearms < 5)
            timer.StartIn(1);
    }

    private static void FromTheCallback(Report report)
    {
        s_rearms = 0;
        s_rearming.StartIn(1);
        Helper.WaitFor(static () => Volatile.Read(ref s_rearms) == 5);
        s_rearming.CancelAndWait();
        report.Equal(s_rearms, 5, "a timer that starts itself again from its callback comes again");
    }

    private static void WaitedFor(Report report)
    {
        if (Scheduler.Online.Count < 2)
            return;
        s_long.Reset();
        var here = Cpu.Id;
        s_slow.StartIn(1);
        Helper.GoTo(Helper.Other(here));
        var isRunning = s_long.WaitForStart();
        var answer = s_slow.TryCancel();
        s_long.LetEnd();
        s_slow.CancelAndWait();
        var hasEnded = s_long.HasEnded;
        Helper.GoTo(here);
        report.That(isRunning && answer == -1, "trying to take a timer off answers -1 while its callback runs elsewhere");
        report.That(isRunning && hasEnded, "taking a timer off and waiting waits for its callback on another CPU");
    }

    // A quarter is taken off, a quarter is changed, and all that is left fires.
    private static void RunMillion(Report report)
    {
        var count = (int)report.Number("timers"u8, Million);
        if (count > Million || !TakeAll(count))
        {
            report.That(false, "memory for the timers");
            return;
        }

        Helper.GoTo(0);
        Begin();
        s_wanted = StartAll(report, count);
        Helper.WaitFor(static () => Volatile.Read(ref s_fired) >= s_wanted, 60 * Helper.Second);
        Sleep.For(20 * Helper.Millisecond); // a second run of one of them would come at once
        report.Equal(s_fired, s_wanted, "timers fired, each once");
        report.Equal(s_early, 0, "none of them early");
        report.Equal(s_wrongCpu, 0, "none on another CPU");
        GiveAll(count);
        Helper.GoAnywhere();
    }

    private static ref Timer? At(int index) => ref s_million[index >> PartBits]![index & (Part - 1)];

    private static bool TakeAll(int count)
    {
        for (var i = 0; i < count; i++)
        {
            if (s_million[i >> PartBits] is null || !s_pool.TryTake(out At(i)))
                return false;
        }

        return true;
    }

    private static void GiveAll(int count)
    {
        for (var i = 0; i < count; i++)
        {
            At(i)!.CancelAndWait();
            s_pool.Give(At(i)!);
            At(i) = null;
        }
    }

    // Far away at first, so that none fires before all is done to them; then those that are left soon.
    private static int StartAll(Report report, int count)
    {
        var first = Jiffies.Now + FarAway;
        var start = Clock.Cycles;
        for (var i = 0; i < count; i++)
            At(i)!.Start(first + i % Spread);
        var started = Clock.Cycles;
        for (var i = 0; i < count; i += 4)
            At(i)!.Start(first + (i + 7) % Spread);
        var changed = Clock.Cycles;
        var removed = 0;
        for (var i = 1; i < count; i += 4)
            removed += At(i)!.Cancel() ? 1 : 0;
        var end = Clock.Cycles;
        report.Text.Append($"# cycles each: start {(long)(started - start) / count}, change {(long)(changed - started) / (count / 4)}, take off {(long)(end - changed) / (count / 4)}\n");
        report.Equal(removed, count / 4, "a quarter was taken off before it fired");
        first = Jiffies.Now + 2;
        for (var i = 0; i < count; i++)
        {
            if (i % 4 != 1)
                At(i)!.Start(first + i % Spread);
        }

        return count - removed;
    }
}
