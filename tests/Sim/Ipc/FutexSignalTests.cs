// Futexes and signals: each look for one in turn finds one, in every operation that waits. Whoever gives up swallows no wake-up, and nothing is left.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Ipc;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;
using Jiffy.Machine;
using Jiffy.Machine.Sim;
using Jiffy.Tests.Sim.Kernel;
using Xunit;
using static Jiffy.Tests.Sim.Kernel.FutexKernel;

namespace Jiffy.Tests.Sim.Ipc;

public sealed class FutexSignalTests
{
    private const int Word = 0, Lock = 2, List = 64, Private = 128, MostLooks = 30;

    public enum Operation
    {
        Wait,
        WaitBitset,
        WaitVector,
        LockPi,
    }

    // Two want one unit; the victim gives up when it is interrupted. What it has taken it passes on.
    private static Action<SimMachine> Share(Operation operation, FutexFault fault, int nth, bool isSmall, Action<bool> tell) => machine =>
    {
        var small = isSmall ? new SmallCase(machine) : null;
        Action Part(Action body) => small?.Part(body) ?? body;
        CpuSet? On(int cpu) => isSmall ? CpuSet.Of(cpu) : null;
        var hasTaken = 0;
        Run(machine, fault, kernel =>
        {
            kernel.Spawn("victim", Part(() =>
            {
                var current = Task.Current;
                FaultInjection.Interrupt(current, nth);
                var error = Take(operation);
                var wasReached = FaultInjection.HasInterrupted;
                FaultInjection.Interrupt(current, 0);
                WorkFlag.Clear(current, WorkFlag.SignalPending);
                tell(wasReached);
                if (error != Errno.None && !(wasReached && error is Errno.ERESTARTSYS or Errno.ERESTARTNOINTR or Errno.EINTR))
                    machine.Fail($"the victim's result is {error}");
                End(error);
            }), On(0));
            kernel.Spawn("other", Part(() =>
            {
                var error = Take(operation);
                if (error != Errno.None)
                    machine.Fail($"the other's result is {error}");
                hasTaken++;
                End(error);
            }), On(1));
            if (operation != Operation.LockPi)
                kernel.Spawn("giver", Part(() => Give(operation)), On(1));
        });
        if (hasTaken != 1)
            machine.Fail("the other has nothing");

        void End(Errno error)
        {
            if (error == Errno.None)
                Give(operation);
        }
    };

    private static Errno Take(Operation operation)
    {
        if (operation == Operation.LockPi)
            return TakeLock();
        while (true)
        {
            var units = Load(Word);
            if (units > 0 && Exchange(Word, units - 1, units) == units)
                return Errno.None;
            var error = units > 0 ? Errno.None : Wait(operation);
            if (error is not (Errno.None or Errno.EAGAIN))
                return error;
        }
    }

    private static Errno Wait(Operation operation)
    {
        if (operation != Operation.WaitVector)
        {
            var bits = operation == Operation.Wait ? Futex.AllBits : 2;
            return Futex.Wait(At(Word), 0, isPrivate: true, bits, long.MaxValue, ClockBase.Monotonic);
        }

        // Each task has its own list.
        var list = List + (16 * (Task.Current.Id & 15));
        for (var i = 0; i < 2; i++)
        {
            Store(list + 6 * i, 0);
            Store(list + 6 * i + 2, (uint)At(i));
            Store(list + 6 * i + 4, 2 | Private);
        }

        return Futex.WaitVector(At(list), 2, long.MaxValue, ClockBase.Monotonic).Error;
    }

    // Who has it lets others want it.
    private static Errno TakeLock()
    {
        var mine = (uint)Task.Current.Id;
        if (Exchange(Lock, mine, 0) == 0)
        {
            Cpu.Interleave();
            return Errno.None;
        }

        return Futex.LockPi(At(Lock), isPrivate: true, long.MaxValue, ClockBase.Monotonic, isTry: false);
    }

    private static void Give(Operation operation)
    {
        if (operation == Operation.LockPi)
        {
            if (Exchange(Lock, 0, (uint)Task.Current.Id) != (uint)Task.Current.Id)
                Assert.Equal(Errno.None, Futex.UnlockPi(At(Lock), isPrivate: true));
            return;
        }

        uint units;
        do
            units = Load(Word);
        while (Exchange(Word, units + 1, units) != units);
        Cpu.Interleave();
        Futex.Wake(At(Word), isPrivate: true, 1, operation == Operation.WaitBitset ? 2 : Futex.AllBits);
    }

    [Theory]
    [InlineData(Operation.Wait)]
    [InlineData(Operation.WaitBitset)]
    [InlineData(Operation.WaitVector)]
    [InlineData(Operation.LockPi)]
    public void Each_wait_in_turn_is_interrupted(Operation operation)
    {
        var nth = 0;
        for (var wasReached = true; wasReached && nth < MostLooks;)
        {
            nth++;
            wasReached = false;
            Explore.Schedules(
                new ExploreOptions { Machine = Options(2), Schedules = 20 },
                Share(operation, FutexFault.None, nth, isSmall: false, reached => wasReached |= reached));
        }

        Assert.True(nth is > 2 and < MostLooks, $"{nth} looks");
    }

    [Theory]
    [InlineData(Operation.Wait)]
    [InlineData(Operation.WaitVector)]
    [InlineData(Operation.LockPi)]
    public void All_schedules_of_an_interrupted_wait_another_and_a_waker(Operation operation) =>
        Explore.All(Share(operation, FutexFault.None, 1, isSmall: true, static _ => { }), Explore.Bound(1, 2), Options(2));

    [Fact]
    public void A_wake_up_that_the_interrupted_swallows_is_caught() => Explore.FindsFailure(
        new ExploreOptions { Machine = Options(2), Schedules = 5000 },
        Share(Operation.Wait, FutexFault.TimeOutSwallowsWakeUp, 1, isSmall: false, static _ => { }));
}
