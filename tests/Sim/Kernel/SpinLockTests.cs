// The kernel's spin locks and frame allocator under every interleaving, each CPU running plain code.
using System;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Sync;
using Jiffy.Machine;
using Jiffy.Machine.Sim;
using Xunit;

namespace Jiffy.Tests.Sim.Kernel;

public sealed class SpinLockTests
{
    private sealed class Guarded<TPolicy>
        where TPolicy : struct, IInterruptPolicy
    {
        private SpinLock<PoolRank, TPolicy> _lock;

        public int Value { get; private set; }

        public void Add()
        {
            using (_lock.Acquire())
                AddUnlocked();
        }

        public void AddIfFree()
        {
            if (!_lock.TryAcquire(out var token))
                return;
            AddUnlocked();
            _lock.Release(token);
        }

        public void AddUnlocked()
        {
            var value = Value;
            Cpu.Interleave();
            Value = value + 1;
        }
    }

    [Fact]
    public void Only_one_CPU_is_inside() => Explore.Schedules(cpus: 3, machine =>
    {
        var guarded = new Guarded<IrqsOff>();
        machine.RunBodies(guarded.Add, guarded.Add, guarded.Add);
        Assert.Equal(3, guarded.Value);
    }, schedules: 3000);

    [Fact]
    public void Trying_never_waits_and_never_lets_two_in() => Explore.Schedules(cpus: 2, machine =>
    {
        var guarded = new Guarded<PreemptionOff>();
        machine.RunBodies(guarded.Add, () => { guarded.AddIfFree(); guarded.Add(); });
        Assert.InRange(guarded.Value, 2, 3);
    }, schedules: 3000);

    [Fact]
    public void A_lock_that_an_interrupt_takes_too_must_turn_interrupts_off()
    {
        Explore.Schedules(cpus: 1, machine => InterruptedWhileHolding<IrqsOff>(machine), schedules: 300);
        Explore.FindsFailure(cpus: 1, machine => InterruptedWhileHolding<PreemptionOff>(machine));
    }

    [Fact]
    public void Frames_taken_and_given_by_two_CPUs_are_all_there_in_the_end() => Explore.Schedules(
        new ExploreOptions { Machine = new SimOptions { Cpus = 2, MemoryBytes = 64 << 12 }, Schedules = 2000 },
        static machine =>
        {
            FrameAllocator.Init();
            var before = FrameAllocator.FreeFrames;
            machine.RunBodies(TakeAndGive, TakeAndGive);
            Assert.Equal(before, FrameAllocator.FreeFrames);
        });

    private static void TakeAndGive()
    {
        Assert.True(FrameAllocator.TryTakeClear(out var one));
        Assert.True(FrameAllocator.TryTake(2, out var four));
        Frames.Bytes(four, 4).Fill((byte)(1 + Cpu.Id));
        FrameAllocator.Give(one);
        Cpu.Interleave();
        Assert.False(Frames.Bytes(four, 4).ContainsAnyExcept((byte)(1 + Cpu.Id)));
        FrameAllocator.Give(four, 2);
    }

    private static void InterruptedWhileHolding<TPolicy>(SimMachine machine)
        where TPolicy : struct, IInterruptPolicy
    {
        var guarded = new Guarded<TPolicy>();
        KernelEntry.Instance = new Handler(guarded.Add);
        machine.Raise(0, PendingInterrupts.Call);
        machine.RunBodies(guarded.Add);
        Assert.Equal(2, guarded.Value);
    }

    private sealed class Handler : SimMachine.NoKernel
    {
        private readonly Action _handler;

        public Handler(Action handler) => _handler = handler;

        public override void CallInterrupt() => _handler();
    }
}
