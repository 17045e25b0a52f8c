// Who is woken, and in what order: plain ones first, exclusive ones one by one, by state, by key, by an own wake function; a wake-up of very many; and an
// exclusive sleeper that gives up.
using System;
using System.Collections.Generic;
using System.Linq;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Wait;
using Jiffy.Machine;
using Jiffy.Machine.Sim;
using Jiffy.Tests.Sim.Kernel;
using Xunit;
using Task = Jiffy.Kernel.Tasks.Task;

namespace Jiffy.Tests.Sim.Wait;

public sealed class WaitQueueTests
{
    // An observer: notes that it was asked, and says whether it counts as woken.
    private sealed class Bell : WaitEntry
    {
        private readonly List<string> _log;
        private readonly string _name;
        private readonly bool _counts;

        public Bell(List<string> log, string name, bool isExclusive = false, bool counts = true)
            : base(null!)
        {
            _log = log;
            _name = name;
            _counts = counts;
            IsExclusive = isExclusive;
        }

        public override bool Wake(TaskState states, WakeKey key)
        {
            _log.Add(key.Events == 0 ? _name : $"{_name}:{key.Events}");
            return _counts;
        }
    }

    private static void OnOneTask(Action<SchedulerKernel> body) => Explore.Schedules(cpus: 1, machine =>
    {
        var kernel = new SchedulerKernel(machine);
        kernel.Spawn("test", () => body(kernel));
        kernel.RunAll();
    }, schedules: 3);

    [Fact]
    public void Plain_ones_stand_first_and_exclusive_ones_wake_in_their_order() => OnOneTask(_ =>
    {
        var queue = new WaitQueue();
        var log = new List<string>();
        foreach (var (name, exclusive) in new[] { ("e1", true), ("p1", false), ("e2", true), ("p2", false), ("e3", true) })
            queue.Add(new Bell(log, name, exclusive));
        Assert.Equal(3, queue.WakeUp());
        Assert.Equal(["p2", "p1", "e1"], log);
        Assert.Equal(1, queue.WakeUp(1, key: new WakeKey(4)));
        Assert.Equal("e2:4", log[^1]);
        Assert.Equal(1, queue.WakeUpAll());
        Assert.True(queue.IsEmpty);
        Assert.Equal(0, queue.WakeUpAll());
    });

    [Fact]
    public void As_many_exclusive_ones_are_woken_as_asked_for_and_refusals_do_not_count() => OnOneTask(_ =>
    {
        var queue = new WaitQueue();
        var log = new List<string>();
        for (var i = 0; i < 5; i++)
            queue.Add(new Bell(log, $"e{i}", isExclusive: true, counts: i != 1));
        Assert.Equal(3, queue.WakeUp(3));
        Assert.Equal(["e0", "e1", "e2", "e3"], log);
        log.Clear();
        using (queue.Lock())
            Assert.Equal(1, queue.WakeUpLocked());
        Assert.Equal(["e1", "e4"], log);
        Assert.False(queue.IsEmpty);
    });

    [Fact]
    public void An_entry_that_stays_is_told_again_and_removing_twice_is_told() => OnOneTask(_ =>
    {
        var queue = new WaitQueue();
        var log = new List<string>();
        var bell = new Bell(log, "bell") { RemoveWhenWoken = false };
        queue.Add(bell);
        queue.Add(bell); // no harm
        queue.WakeUp();
        queue.WakeUp();
        Assert.Equal(2, log.Count);
        Assert.True(queue.Remove(bell));
        Assert.False(queue.Remove(bell));
        queue.WakeUp();
        Assert.Equal(2, log.Count);
    });

    [Fact]
    public void A_wake_up_of_the_interruptible_leaves_the_others_asleep() => Explore.Schedules(cpus: 2, machine =>
    {
        var kernel = new SchedulerKernel(machine);
        var queue = new WaitQueue();
        var deaf = kernel.Spawn("deaf", () => SleepOnce(queue, TaskState.Uninterruptible));
        var alert = kernel.Spawn("alert", () => SleepOnce(queue, TaskState.Interruptible));
        kernel.Spawn("waker", () =>
        {
            while (deaf.State != TaskState.Uninterruptible || alert.State != TaskState.Interruptible)
                Sleep(1_000_000_000);
            Assert.Equal(1, queue.WakeUpInterruptible(int.MaxValue));
            while (!kernel.HasExited(alert))
                Sleep(1_000_000_000);
            Assert.False(kernel.HasExited(deaf));
            Assert.Equal(1, queue.WakeUp());
        });
        kernel.RunAll();
    }, schedules: 100);

    private static void Sleep(long nanoseconds) => Jiffy.Kernel.Time.Sleep.For(nanoseconds, TaskState.Uninterruptible);

    private static void SleepOnce(WaitQueue queue, TaskState state, bool exclusive = false)
    {
        var entry = Task.Current.OwnWait;
        entry.IsExclusive = exclusive;
        if (exclusive)
            queue.PrepareToWaitExclusive(entry, state);
        else
            queue.PrepareToWait(entry, state);
        Scheduler.Schedule();
        queue.FinishWait(entry);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_wake_up_of_very_many_lets_others_in_between(int wakers) => Explore.Schedules(
        new ExploreOptions { Machine = new SimOptions { Cpus = 2, TimeLeaps = false }, Schedules = 150 }, machine =>
    {
        var kernel = new SchedulerKernel(machine);
        var queue = new WaitQueue();
        var log = new List<string>();
        var bells = new Bell[3 * WaitQueue.Stretch + 7];
        for (var i = 0; i < bells.Length; i++)
            bells[i] = new Bell(log, "", isExclusive: i % 3 == 0, counts: true);
        var woken = 0;
        var early = new Bell(log, "early");
        kernel.OnBoot = () =>
        {
            foreach (var bell in bells)
                queue.Add(bell);
        };
        for (var i = 0; i < wakers; i++)
            kernel.Spawn($"waker{i}", () => System.Threading.Interlocked.Add(ref woken, queue.WakeUpAll()));
        var removed = false;
        kernel.Spawn("leaver", () =>
        {
            removed = queue.Remove(bells[^1]);
            queue.Add(early);
            queue.Remove(early);
        });
        kernel.RunAll();
        Assert.Equal(log.Count, woken);
        Assert.Equal(bells.Length - (removed ? 1 : 0), log.Count(name => name == ""));
        Assert.True(queue.IsEmpty);
    });
}
