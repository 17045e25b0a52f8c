// The machine without a kernel: interleavings of plain code, and locks right and wrong.
using System;
using System.Threading;
using Jiffy.Machine;
using Jiffy.Machine.Sim;
using Xunit;

namespace Jiffy.Tests.Sim.Machine;

public sealed class BodiesTests
{
    /// <summary>A counter that loses additions unless a lock guards it.</summary>
    private sealed class Counter
    {
        private int _held;
        private int _value;

        public int Value => _value;

        public void Add()
        {
            var value = _value;
            Cpu.Interleave();
            _value = value + 1;
        }

        public void AddLocked()
        {
            while (Interlocked.CompareExchange(ref _held, 1, 0) != 0)
                Cpu.Relax();
            Add();
            Volatile.Write(ref _held, 0);
            Cpu.Interleave();
        }

        /// <summary>Tests and then takes in two steps.</summary>
        public void AddLockedInTwoSteps()
        {
            while (_held != 0)
                Cpu.Relax();
            Cpu.Interleave();
            _held = 1;
            Add();
            _held = 0;
            Cpu.Interleave();
        }
    }

    [Fact]
    public void A_lock_keeps_every_addition() => Explore.Schedules(cpus: 2, machine =>
    {
        var counter = new Counter();
        machine.RunBodies(() => { counter.AddLocked(); counter.AddLocked(); }, () => { counter.AddLocked(); counter.AddLocked(); });
        Assert.Equal(4, counter.Value);
    }, schedules: 5000);

    [Fact]
    public void Without_a_lock_an_addition_is_lost() => Explore.FindsFailure(cpus: 2, machine =>
    {
        var counter = new Counter();
        machine.RunBodies(counter.Add, counter.Add);
        Assert.Equal(2, counter.Value);
    });

    [Fact]
    public void A_lock_taken_in_two_steps_loses_an_addition() => Explore.FindsFailure(cpus: 2, machine =>
    {
        var counter = new Counter();
        machine.RunBodies(counter.AddLockedInTwoSteps, counter.AddLockedInTwoSteps);
        Assert.Equal(2, counter.Value);
    });

    [Fact]
    public void The_exhaustive_search_ends_and_finds_the_lost_addition()
    {
        var counter = new Counter();
        var complete = Explore.Schedules(cpus: 2, machine =>
        {
            counter = new Counter();
            machine.RunBodies(counter.AddLocked, counter.AddLocked);
            Assert.Equal(2, counter.Value);
        }, schedules: 10000, Strategy.Exhaustive);
        Assert.True(complete.IsComplete);
        Explore.FindsFailure(cpus: 2, machine =>
        {
            counter = new Counter();
            machine.RunBodies(counter.AddLockedInTwoSteps, counter.AddLockedInTwoSteps);
            Assert.Equal(2, counter.Value);
        }, schedules: 10000, Strategy.Exhaustive);
    }

    [Fact]
    public void Two_locks_in_different_order_deadlock()
    {
        var found = Explore.FindsFailure(cpus: 2, machine =>
        {
            int first = 0, second = 0;
            machine.RunBodies(
                () => { Take(ref first); Take(ref second); Give(ref second); Give(ref first); },
                () => { Take(ref second); Take(ref first); Give(ref first); Give(ref second); });
        });
        Assert.StartsWith("deadlock", found.Failure!.Reason, StringComparison.Ordinal);
        Assert.Contains("BodiesTests.cs", found.Failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_lock_taken_again_by_an_interrupt_deadlocks_unless_interrupts_are_off()
    {
        var held = 0;
        void Body(bool interruptsOff, SimMachine machine)
        {
            held = 0;
            KernelEntry.Instance = new LockingHandler(() => { Take(ref held); Give(ref held); });
            machine.Raise(0, PendingInterrupts.Call);
            machine.RunBodies(() =>
            {
                var wereOn = interruptsOff ? Cpu.DisableInterrupts() : Cpu.InterruptsOn;
                Take(ref held);
                Give(ref held);
                Cpu.RestoreInterrupts(wereOn);
            });
        }
        Explore.Schedules(cpus: 1, machine => Body(interruptsOff: true, machine), schedules: 200);
        Explore.FindsFailure(cpus: 1, machine => Body(interruptsOff: false, machine), schedules: 200);
        KernelEntry.Instance = new SimMachine.NoKernel();
    }

    [Fact]
    public void The_same_schedule_takes_the_same_steps()
    {
        ulong Run(string schedule)
        {
            ulong hash = 0;
            var options = new ExploreOptions { Machine = new SimOptions { Cpus = 3 }, Replay = schedule };
            Explore.Schedules(options, machine =>
            {
                var counter = new Counter();
                machine.RunBodies(counter.AddLocked, counter.AddLocked, counter.AddLocked);
                hash = machine.TraceHash;
            });
            return hash;
        }
        Assert.Equal(Run("walk:6"), Run("walk:6"));
        Assert.Equal(Run("pct:7/40"), Run("pct:7/40"));
        Assert.NotEqual(Run("walk:6"), Run("walk:9"));
    }

    [Fact]
    public void Simple_schedules_are_quick()
    {
        var result = Explore.Schedules(cpus: 2, machine =>
        {
            var counter = new Counter();
            machine.RunBodies(
                () => { for (var i = 0; i < 5; i++) counter.AddLocked(); },
                () => { for (var i = 0; i < 5; i++) counter.AddLocked(); });
            Assert.Equal(10, counter.Value);
        }, schedules: 20000);
        Assert.True(result.PerSecond > 1000, result.ToString()); // a loaded host is slow; idle ones do more than 20,000
    }

    private static void Take(ref int held)
    {
        while (Interlocked.CompareExchange(ref held, 1, 0) != 0)
            Cpu.Relax();
        Cpu.Interleave();
    }

    private static void Give(ref int held)
    {
        Volatile.Write(ref held, 0);
        Cpu.Interleave();
    }

    private sealed class LockingHandler : SimMachine.NoKernel
    {
        private readonly Action _handler;

        public LockingHandler(Action handler) => _handler = handler;

        public override void CallInterrupt() => _handler();
    }
}
