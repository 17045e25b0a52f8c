// What the lock checks find, each with the place where the first lock was taken; what they must let pass; and the counts of lock_stat.
using System;
using System.Text;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Sync;
using Jiffy.Kernel.Time;
using Jiffy.Machine;
using Jiffy.Machine.Sim;
using Jiffy.Tests.Sim.Kernel;
using Xunit;

namespace Jiffy.Tests.Sim.Sync;

public sealed class LockCheckTests
{
    private readonly struct Low : ILockRank
    {
        static LockRank ILockRank.Rank => LockRank.FutexBucket;
    }

    private readonly struct High : ILockRank
    {
        static LockRank ILockRank.Rank => LockRank.FileLocks;
    }

    private readonly struct Sleeper : ILockRank
    {
        static LockRank ILockRank.Rank => LockRank.FileContents;
    }

    private sealed class Locks
    {
        public SpinLock<Low, PreemptionOff> Low;
        public SpinLock<High, PreemptionOff> High;
        public SpinLock<High, SoftirqsOff> Softirqs;
        public ReadWriteSpinLock<High, PreemptionOff, IrqsOff> Shared;
        public Mutex<Sleeper> Mutex;

        public void TakeHighThenLow()
        {
            using (High.Acquire())
            {
                using (Low.Acquire())
                {
                }
            }
        }

        public void TakeHigh()
        {
            using (High.Acquire())
            {
            }
        }

        public void TakeSoftirqs()
        {
            using (Softirqs.Acquire())
            {
            }
        }

        public void Read()
        {
            using (Shared.AcquireRead())
                Cpu.Interleave();
        }
    }

    private static ExploreOptions One => new() { Machine = new SimOptions { Cpus = 1, TimeLeaps = false }, Schedules = 3 };

    private static void Fails(string what, string place, Action<Locks> body)
    {
        var result = Explore.FindsFailure(One, machine =>
        {
            var kernel = new SchedulerKernel(machine);
            var locks = new Locks();
            kernel.Spawn("wrong", () => body(locks));
            kernel.RunAll();
        });
        Assert.Contains(what, result.Failure!.Message);
        Assert.Contains(place, result.Failure.Message);
    }

    // A timer's callback is in hardirq context, or in softirq context.
    private static void InTimer(TimerContext context, Action body)
    {
        var ran = false;
        var timer = new HighResolutionTimer(_ => { body(); ran = true; return TimerRestart.No; }, null, context: context);
        timer.Start(TimeKeeper.Monotonic + 1000, ClockBase.Monotonic);
        while (!ran)
            Sleep.For(100_000, Jiffy.Kernel.Tasks.TaskState.Uninterruptible);
    }

    [Fact]
    public void A_wrong_order_names_where_the_first_lock_was_taken() =>
        Fails("locks taken in the wrong order", "FileLocks was taken here", static locks => locks.TakeHighThenLow());

    [Fact]
    public void A_lock_of_hardirqs_must_keep_them_out_elsewhere()
    {
        Fails("interrupts take is held with interrupts on", "FileLocks was taken here", static locks =>
        {
            locks.TakeHigh();
            InTimer(TimerContext.Hardirq, locks.TakeHigh);
        });
        Fails("interrupts take is held with interrupts on", "FileLocks was taken here", static locks =>
        {
            InTimer(TimerContext.Hardirq, locks.TakeHigh);
            locks.TakeHigh();
        });
    }

    [Fact]
    public void A_lock_of_softirqs_must_keep_them_out_elsewhere() =>
        Fails("softirqs take is held with softirqs on", "FileLocks was taken here", static locks =>
        {
            locks.TakeHigh();
            InTimer(TimerContext.Softirq, locks.TakeHigh);
        });

    [Fact]
    public void A_sleeping_lock_is_not_for_interrupts() =>
        Fails("a sleeping lock is taken in an interrupt", "", static locks => InTimer(TimerContext.Hardirq, () => locks.Mutex.TryAcquire()));

    [Fact]
    public void What_is_right_passes() => Explore.Schedules(One, machine =>
    {
        var kernel = new SchedulerKernel(machine);
        var locks = new Locks();
        kernel.Spawn("right", () =>
        {
            locks.TakeSoftirqs();
            InTimer(TimerContext.Softirq, locks.TakeSoftirqs);
            locks.Read();
            InTimer(TimerContext.Hardirq, locks.Read);
            using (locks.Shared.AcquireRead())
                InTimerWhileBusy(locks.Read);
        });
        kernel.RunAll();
    });

    // The interrupt comes while the caller holds a spin lock, so it must not sleep.
    private static void InTimerWhileBusy(Action body)
    {
        var ran = false;
        var timer = new HighResolutionTimer(_ => { body(); ran = true; return TimerRestart.No; }, null);
        timer.Start(TimeKeeper.Monotonic + 1000, ClockBase.Monotonic);
        while (!ran)
            Cpu.Relax();
    }

    [Fact]
    public void Counts_are_exact() => Explore.Schedules(new ExploreOptions { Machine = new SimOptions { Cpus = 2, TimeLeaps = false }, Schedules = 50 }, machine =>
    {
        var kernel = new SchedulerKernel(machine);
        var locks = new Locks();
        for (var i = 0; i < 2; i++)
        {
            kernel.Spawn($"taker{i}", () =>
            {
                LockStatistics.IsOn = true;
                for (var round = 0; round < 5; round++)
                {
                    locks.TakeHigh();
                    using (locks.Mutex.Acquire())
                        Scheduler.Yield();
                }
            });
        }

        kernel.RunAll();
        LockStatistics.IsOn = false;
        ref readonly var spins = ref Of(LockRank.FileLocks);
        ref readonly var mutexes = ref Of(LockRank.FileContents);
        Assert.InRange(spins.Held.Count, 5, 10); // what the first did before the second switched counting on again is in it, too
        Assert.InRange(mutexes.Held.Count, 5, 10);
        Assert.True(mutexes.Held.Least <= mutexes.Held.Average && mutexes.Held.Average <= mutexes.Held.Most);
        Assert.True(mutexes.Held.Most > 0);
    });

    private static ref readonly LockNumbers Of(LockRank rank)
    {
        for (var i = 0; i < LockStatistics.Classes; i++)
        {
            if (LockStatistics.ClassAt(i) == rank)
                return ref LockStatistics.NumbersAt(i, shared: false);
        }

        throw new InvalidOperationException($"{rank} was not counted");
    }

    [Fact]
    public void Every_rank_has_its_name()
    {
        foreach (var rank in Enum.GetValues<LockRank>())
            Assert.Equal(rank.ToString(), LockRankNames.Of(rank));
    }
}
