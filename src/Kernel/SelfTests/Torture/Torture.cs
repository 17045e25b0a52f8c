// Self-test: locks, RCU and everything that defers work, tortured at the same time. Threads wander over the CPUs and do at random, to all kinds of
// locks, timers, softirqs, tasklets, bottom halves and both kinds of work queues, all that may be done to them. Each object counts what was asked and what was done, and is
// checked all along: nothing is lost or done twice, nothing comes early, nothing runs on two CPUs at once, who waited did wait. At the end
// the counts are equal, and nothing is left in use. The seed is told, and can be given; it fixes what each thread wants, not how they meet.
// Guards: an object says which of its fields are its owner's thread's; the others are atomic.
using System;
using System.Threading;
using Jiffy.Kernel.Deferred.WorkQueues;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;
using Jiffy.Machine;

namespace Jiffy.Kernel.SelfTests;

internal static class Torture
{
    private const int ThreadsPerCpu = 2, MostPools = 96;
    private const int HeapGrowth = 64; // frames
    private const int EnoughItems = 500, MostRounds = 20; // of the warm-up
    private const long WorkerRest = 25; // ticks; usually minutes

    private static Tormentor[] s_tormentors = null!;
    private static int[] s_poolsBefore = null!;
    private static int s_goesOn, s_left, s_failures;
    private static string? s_firstFailure;

    public static bool GoesOn => Volatile.Read(ref s_goesOn) != 0;

    public static void AddTo(DriverFile tests)
    {
        s_poolsBefore = new int[MostPools];
        s_tormentors = new Tormentor[Cpu.Count * ThreadsPerCpu];
        for (var i = 0; i < s_tormentors.Length; i++)
            s_tormentors[i] = new Tormentor(i);
        TorturedSoftirqs.Init();
        TorturedLocks.Init();
        TorturedLending.Init();
        TorturedRcu.Init();
        TorturedQueues.Init();
        tests.Add("torture", "4", "locks, RCU, timers, softirqs, tasklets, bottom halves and both kinds of work queues, all at once: seconds= seed= beside=", static report => Run(report));
    }

    /// <summary>Notes that something does not hold that must. Any context.</summary>
    public static void That(bool holds, string what)
    {
        if (holds)
            return;
        if (Interlocked.Increment(ref s_failures) == 1)
            s_firstFailure = what;
        Volatile.Write(ref s_goesOn, 0);
    }

    private static void Run(Report report)
    {
        var seconds = report.Number("seconds"u8, 10);
        var seed = report.Number("seed"u8, (long)(Entropy.Next() & 0xffffff));
        report.Text.Append($"# seed {seed}, {seconds} s on {Scheduler.Online.Count} CPUs\n");
        var idleTicks = WorkQueues.IdleTicks;
        WorkQueues.IdleTicks = WorkerRest;
        Volatile.Write(ref s_failures, 0);
        s_firstFailure = null;
        WarmUp((ulong)seed + 1);
        SettlePools();
        RememberPools();
        var frames = FramesLeft;
        var heap = ObjectHeap.Used;
        RunFor(seconds * Helper.Second, (ulong)seed);
        Tell(report);
        if (report.Number("beside"u8, 0) == 0)
            TellLeft(report, frames, heap);
        WorkQueues.IdleTicks = idleTicks;
    }

    // What programs use that run beside it comes and goes: then nothing can be said.
    private static void TellLeft(Report report, long frames, long heap)
    {
        report.That(SettlePools() && Helper.WaitFor(static () => PoolsAreAsBefore(), 20 * Helper.Second), "all pools are as full as before");
        TellPools(report);
        TellFrames(report, frames, heap);
    }

    // Makes what stays: stacks, objects in pools, the two idle workers that each pool of them keeps. On a slow machine that takes a while.
    private static void WarmUp(ulong seed)
    {
        for (long items = 0, round = 0; items < EnoughItems && round < MostRounds && s_failures == 0; round++)
        {
            RunFor(Helper.Second, seed + (ulong)round);
            var sums = default(TortureSums);
            foreach (var tormentor in s_tormentors.AsSpan())
                tormentor.AddTo(ref sums);
            items += sums.WorkRun;
        }
    }

    private static void RunFor(long time, ulong seed)
    {
        if (s_failures != 0 || !TorturedQueues.Make())
        {
            That(false, "the queues cannot be made");
            return;
        }

        TorturedSoftirqs.Begin();
        TorturedLocks.Begin();
        TorturedLending.Begin();
        TorturedRcu.Begin();
        Volatile.Write(ref s_goesOn, 1);
        Volatile.Write(ref s_left, s_tormentors.Length);
        foreach (var tormentor in s_tormentors.AsSpan())
            tormentor.Begin(seed); // all of them before the first starts: they use each other's items
        foreach (var tormentor in s_tormentors.AsSpan())
        {
            Helper.Start("tormentor"u8, tormentor.Index % Scheduler.Online.Count, 0, static tormentor => ((Tormentor)tormentor!).Live(), tormentor);
        }

        Helper.WaitFor(static () => !GoesOn, time);
        Volatile.Write(ref s_goesOn, 0);
        That(Helper.WaitFor(static () => Volatile.Read(ref s_left) == 0, 60 * Helper.Second), "a thread does not come back from what it waits for");
        foreach (var tormentor in s_tormentors.AsSpan())
            tormentor.Settle();
        TorturedSoftirqs.Settle();
        TorturedLocks.Settle();
        TorturedLending.Settle();
        TorturedRcu.Settle();
        TorturedQueues.Destroy();
    }

    /// <summary>A thread has ended.</summary>
    public static void Ended() => Interlocked.Decrement(ref s_left);

    private static void Tell(Report report)
    {
        var sums = default(TortureSums);
        foreach (var tormentor in s_tormentors.AsSpan())
            tormentor.AddTo(ref sums);
        report.Text.Append($"# timers: {sums.TimersStarted} started, {sums.TimersFired} fired, {sums.TimersReplaced} changed, {sums.TimersCancelled} taken off\n");
        report.Text.Append($"# high-resolution timers: {sums.AlarmsStarted} started, {sums.AlarmsFired} fired, {sums.AlarmsReplaced} changed, {sums.AlarmsCancelled} taken off\n");
        TorturedSoftirqs.Tell(report);
        TorturedLocks.Tell(report);
        TorturedLending.Tell(report);
        TorturedRcu.Tell(report);
        report.Text.Append($"# work items: {sums.WorkQueued} queued, {sums.WorkRun} run, {sums.WorkCancelled} taken off\n");
        report.AtLeast(sums.TimersFired, 1, "timers fired");
        report.AtLeast(sums.AlarmsFired, 1, "high-resolution timers fired");
        report.AtLeast(sums.WorkRun, 1, "work items run");
        if (s_failures > 0)
            report.Text.Append($"FAIL {s_firstFailure}\n");
        report.Equal(s_failures, 0, "invariants broken");
    }

    // Stacks are kept for the next task; memory for new objects of pools is taken in runs of frames.
    private static long FramesLeft => FrameAllocator.FreeFrames + TaskContext.FramesOfStacks;

    private static void TellFrames(Report report, long before, long heapBefore)
    {
        var lost = before - FramesLeft;
        var heapHasGrown = ObjectHeap.Used > heapBefore;
        report.That(lost == 0 || (heapHasGrown && lost > 0 && lost % HeapGrowth == 0), "no frame is lost");
        if (lost != 0)
            report.Text.Append($"# {lost} frames went, {ObjectHeap.Used - heapBefore} bytes of objects came\n");
    }

    // Threads and workers end by themselves.
    private static bool SettlePools()
    {
        Sleep.For((WorkerRest + 10) * Jiffies.Nanoseconds, TaskState.Uninterruptible);
        return true;
    }

    private static void RememberPools()
    {
        var i = 0;
        for (var pool = PoolRegistry.First; pool is not null && i < MostPools; pool = pool.Next)
            s_poolsBefore[i++] = pool.Used;
    }

    private static bool PoolsAreAsBefore()
    {
        var i = 0;
        for (var pool = PoolRegistry.First; pool is not null && i < MostPools; pool = pool.Next)
        {
            if (pool.Used > s_poolsBefore[i++])
                return false;
        }

        return true;
    }

    private static void TellPools(Report report)
    {
        var i = 0;
        for (var pool = PoolRegistry.First; pool is not null && i < MostPools; pool = pool.Next)
        {
            var before = s_poolsBefore[i++];
            if (pool.Used != before)
                report.Text.Append($"# {pool.Name}: {before} in use before, {pool.Used} after\n");
        }
    }
}

/// <summary>What all threads together have done.</summary>
internal struct TortureSums
{
    public long TimersStarted, TimersFired, TimersReplaced, TimersCancelled;
    public long AlarmsStarted, AlarmsFired, AlarmsReplaced, AlarmsCancelled;
    public long WorkQueued, WorkRun, WorkCancelled;
}
