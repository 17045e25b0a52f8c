// Both kinds of work queues in cases so small that the search of all schedules ends: two tasks on two CPUs and the worker, or the worker and the
// timer. The same search finds what is wrong with each broken twin.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Deferred.WorkQueues;
using Jiffy.Machine;
using Jiffy.Machine.Sim;
using Xunit;

namespace Jiffy.Tests.Sim.Deferred;

public sealed class SmallWorkQueueTests
{
    private static readonly SimOptions s_two = new() { Cpus = 2, MemoryBytes = 8 << 20, MaxSteps = 500_000 };

    /// <summary>What both kinds of queues do, on CPU 0.</summary>
    private sealed class Queue(bool isHistorical)
    {
        private ThreadedWorkQueue _old = null!;

        public void Make()
        {
            if (isHistorical)
                Assert.True(ThreadedWorkQueue.Create("old"u8).TryGet(out _old));
        }

        public void Add(DelayedWork item) => _ = isHistorical ? _old.QueueOn(0, item) : WorkQueues.Events.QueueOn(0, item);

        public void AddDelayed(DelayedWork item) =>
            Assert.True(isHistorical ? _old.QueueDelayedOn(0, item, 1) : WorkQueues.Events.QueueDelayedOn(0, item, 1));

        public Errno Flush() => isHistorical ? _old.Flush() : WorkQueues.Events.Flush();

        public void CancelAndWait(DelayedWork item) => _ = isHistorical ? ThreadedWorkQueue.CancelAndWait(item) : item.CancelAndWait();
    }

    private static WorkKernel Boot(SimMachine machine, Queue queue, Mistake mistake) =>
        new(machine) { StaysCalm = true, Mistake = mistake, OnReady = queue.Make };

    private static void Search(Func<Mistake, Action<SimMachine>> body, Mistake twin)
    {
        Explore.All(body(Mistake.None), Explore.Bound(1, 2), s_two);
        Explore.AllFindFailure(body(twin), bound: 2, s_two);
    }

    // Who asks must be seen by a run that follows.
    private static Action<SimMachine> QueueFromTwo(bool isHistorical, Mistake mistake) => machine =>
    {
        var small = new SmallCase(machine);
        var queue = new Queue(isHistorical);
        var kernel = Boot(machine, queue, mistake);
        int asked = 0, seen = 0;
        small.AddPart();
        var item = new DelayedWork(_ =>
        {
            Cpu.Interleave();
            seen = asked;
            Cpu.Interleave();
            if (seen == 2)
                small.EndPart();
        }, null);
        for (var cpu = 0; cpu < 2; cpu++)
        {
            kernel.Spawn($"queuer{cpu}", small.Part(() =>
            {
                asked++;
                queue.Add(item);
            }), cpu);
        }

        kernel.RunAll();
        Assert.True(seen == 2, "a request was forgotten");
    };

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void All_schedules_of_two_requests_have_a_run_that_follows(bool isHistorical) =>
        Search(mistake => QueueFromTwo(isHistorical, mistake), Mistake.ClearsPendingLate);

    // The worker is about to run the item on CPU 0 when CPU 1 waits for it or cancels it.
    private static Action<SimMachine> Beside(bool isHistorical, Mistake mistake, Action<Queue, DelayedWork> wait, bool mustRun, bool isDelayed = false) => machine =>
    {
        var small = new SmallCase(machine);
        var queue = new Queue(isHistorical);
        var kernel = Boot(machine, queue, mistake);
        var hasCome = false;
        var ended = 0;
        var item = new DelayedWork(_ =>
        {
            Assert.False(hasCome && !mustRun, "the handler runs although it was cancelled");
            Cpu.Interleave();
            Assert.False(hasCome, "the handler goes on although it was waited for");
            ended++;
        }, null);
        small.Prepare = () =>
        {
            if (!isDelayed)
            {
                queue.Add(item);
                return;
            }

            queue.AddDelayed(item);
            small.HoldNextInterrupt();
        };
        kernel.Spawn("leaver", small.Part(Cpu.EnableInterrupts), 0);
        kernel.Spawn("waiter", small.Part(() =>
        {
            wait(queue, item);
            hasCome = true;
            Assert.False(item.IsPending);
        }), 1);
        kernel.RunAll();
        Assert.InRange(ended, mustRun ? 1 : 0, 1);
    };

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void All_schedules_of_a_flush_wait_for_the_handler(bool isHistorical) => Search(
        mistake => Beside(isHistorical, mistake, static (queue, _) => Assert.Equal(Errno.None, queue.Flush()), mustRun: true), Mistake.FlushesWithoutBarrier);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void All_schedules_of_a_cancel_wait_for_the_handler(bool isHistorical) => Search(
        mistake => Beside(isHistorical, mistake, static (queue, item) => queue.CancelAndWait(item), mustRun: false), Mistake.CancelsWithoutWaiting);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void All_schedules_of_a_delayed_items_timer_and_a_cancel_leave_nothing_behind(bool isHistorical) => Explore.All(
        Beside(isHistorical, Mistake.None, static (queue, item) => queue.CancelAndWait(item), mustRun: false, isDelayed: true), Explore.Bound(1, 2), s_two);
}
