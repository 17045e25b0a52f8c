// System V semaphores on explored schedules: nobody sleeps who could go on, nothing given is lost to a signal, what is undone is undone whole,
// and removal sets everybody free.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Ipc;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;
using Jiffy.Machine.Sim;
using Xunit;
using Task = Jiffy.Kernel.Tasks.Task;

namespace Jiffy.Tests.Sim.Ipc;

public sealed class SemaphoreTests
{
    private static int NewSet(int count) => Semaphores.Get(SysVIpc.IPC_PRIVATE, count, 0x180).Value;

    private static int ValueOf(int id, int number) => Semaphores.Read(id, number, SysVIpc.GETVAL).Value;

    // For looking at values when the machine has stopped.
    private static SemaphoreSet Find(int id)
    {
        Assert.Equal(Errno.None, Semaphores.Table.TryLock(id, out var found, out var token));
        found.Unlock(token);
        return (SemaphoreSet)found;
    }

    private static SemaphoreOperation Op(int number, int change, int flags = 0) =>
        new() { Number = (ushort)number, Change = (short)change, Flags = (short)flags };

    private static void CheckNothingLeft(SimMachine machine)
    {
        if (SemaphoreSet.Pool.Used + SemaphoreUndo.Pool.Used + SemaphoreUndoList.Pool.Used != 0)
            machine.Fail("an object is left");
    }

    /// <summary>Three tasks pass two tokens around between two semaphores, some waiting for both at once or for zero.</summary>
    private static void Pass(SimMachine machine, IpcFault fault)
    {
        var left = 3;
        var id = -1;
        IpcKernel.Run(machine, fault, kernel => kernel.Spawn("first", () =>
        {
            id = NewSet(3);
            Semaphores.Write(id, 0, 2);
            kernel.Spawn("both", () => Repeat(() => Both()));
            kernel.Spawn("one", () => Repeat(() => One(0)));
            kernel.Spawn("other", () => Repeat(() => One(1)));
        }));
        if (id < 0)
            machine.Fail("no set");
        CheckNothingLeft(machine);

        void Repeat(Action body)
        {
            for (var i = 0; i < 3; i++)
                body();
            if (--left > 0)
                return;
            if (ValueOf(id, 0) != 2 || ValueOf(id, 1) != 0)
                machine.Fail($"{ValueOf(id, 0)} and {ValueOf(id, 1)}");
            Semaphores.Remove(id);
        }

        void Both()
        {
            IpcKernel.Operate(id, [Op(0, -2), Op(2, 1)]);
            IpcKernel.Operate(id, [Op(0, 2), Op(2, -1)]);
        }

        void One(int number)
        {
            IpcKernel.Operate(id, [Op(2, 0), Op(0, -1)]);
            IpcKernel.Operate(id, 1, number == 0 ? 1 : 0);
            IpcKernel.Operate(id, [Op(1, number == 0 ? -1 : 0), Op(0, 1)]);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void What_is_passed_around_is_neither_lost_nor_gained_and_nobody_sleeps_for_ever(int cpus) =>
        Explore.Schedules(cpus, machine => Pass(machine, IpcFault.None), 400);

    [Fact]
    public void Looking_at_sleepers_before_the_change_is_caught() =>
        Explore.FindsFailure(2, machine => Pass(machine, IpcFault.WokenBeforeChange));

    // Three tasks: one waits for a token on CPU 0; on CPU 1 one gives it, and another sends the first a signal.
    private static Action<SimMachine> GiveBesideSignal(IpcFault fault) => machine =>
    {
        var small = new SmallCase(machine);
        var id = -1;
        SemaphoreSet set = null!;
        var result = Errno.EIO;
        IpcKernel.Run(machine, fault, kernel =>
        {
            small.Prepare = () => set = Find(id = NewSet(1));
            var taker = kernel.Spawn("taker", small.Part(() => result = IpcKernel.Operate(id, 0, -1)), CpuSet.Of(0));
            kernel.Spawn("giver", small.Part(() => IpcKernel.Operate(id, 0, 1)), CpuSet.Of(1));
            kernel.Spawn("signaller", small.Part(() => IpcKernel.Signal(taker)), CpuSet.Of(1));
        });
        if (result is not (Errno.None or Errno.EINTR) || SemaphoreSet.Pool.Used != 1)
            machine.Fail($"{result}");
        if (set[0].Value != (result == Errno.None ? 0 : 1))
            machine.Fail($"{result}, and the value is {set[0].Value}");
    };

    [Fact]
    public void All_schedules_of_a_gift_and_a_signal_give_it_once_or_leave_it()
    {
        Explore.All(GiveBesideSignal(IpcFault.None), Explore.Bound(1, 2));
        Explore.AllFindFailure(GiveBesideSignal(IpcFault.GiftSwallowed));
    }

    [Fact]
    public void All_schedules_of_a_change_find_the_sleeper() =>
        Explore.AllFindFailure(GiveWithoutSignal(IpcFault.WokenBeforeChange));

    // Two takers on CPU 0 and 1, a giver of two on CPU 1.
    private static Action<SimMachine> GiveWithoutSignal(IpcFault fault) => machine =>
    {
        var small = new SmallCase(machine);
        var id = -1;
        SemaphoreSet set = null!;
        IpcKernel.Run(machine, fault, kernel =>
        {
            small.Prepare = () => set = Find(id = NewSet(1));
            kernel.Spawn("taker1", small.Part(() => IpcKernel.Operate(id, 0, -1)), CpuSet.Of(0));
            kernel.Spawn("taker2", small.Part(() => IpcKernel.Operate(id, 0, -1)), CpuSet.Of(1));
            kernel.Spawn("giver", small.Part(() => IpcKernel.Operate(id, 0, 2)), CpuSet.Of(1));
        });
        if (set[0].Value != 0)
            machine.Fail($"{set[0].Value} left");
    };

    [Fact]
    public void All_schedules_of_two_takers_and_a_giver_leave_nothing() => Explore.All(GiveWithoutSignal(IpcFault.None), Explore.Bound(1, 2));

    // The task on CPU 0 ends with something to undo while one on CPU 1 takes and another there removes the set or gives.
    private static Action<SimMachine> UndoBesideChange(IpcFault fault, bool removes) => machine =>
    {
        var small = new SmallCase(machine);
        var id = -1;
        SemaphoreSet set = null!;
        var taken = Errno.EIO;
        IpcKernel.Run(machine, fault, kernel =>
        {
            var end = small.Part(() => SemaphoreUndoList.Leave(Task.Current));
            kernel.Spawn("ending", () =>
            {
                set = Find(id = NewSet(1));
                IpcKernel.Operate(id, 0, 3);
                IpcKernel.Operate(id, 0, -2, SysVIpc.SEM_UNDO);
                end();
            }, CpuSet.Of(0));
            kernel.Spawn("taker", small.Part(() => taken = IpcKernel.Operate(id, 0, -1)), CpuSet.Of(1));
            kernel.Spawn("third", small.Part(() =>
            {
                if (removes)
                    Semaphores.Remove(id);
                else
                    IpcKernel.Operate(id, 0, 1);
            }), CpuSet.Of(1));
        });
        if (SemaphoreUndo.Pool.Used + SemaphoreUndoList.Pool.Used != 0 || SemaphoreSet.Pool.Used != (removes ? 0 : 1))
            machine.Fail("an object is left");
        if (!removes && (taken != Errno.None || set[0].Value != 3))
            machine.Fail($"{taken}, value {set[0].Value}");
    };

    [Fact]
    public void All_schedules_of_an_end_beside_changes_undo_it_once()
    {
        Explore.All(UndoBesideChange(IpcFault.None, removes: false), Explore.Bound(1, 2));
        Explore.AllFindFailure(UndoBesideChange(IpcFault.UndoneOutsideLock, removes: false));
    }

    [Fact]
    public void All_schedules_of_an_end_beside_removal_leave_nothing() =>
        Explore.All(UndoBesideChange(IpcFault.None, removes: true), Explore.Bound(1, 2));

    // A sleeper on CPU 0, another with SEM_UNDO on CPU 1, and the set's removal.
    private static Action<SimMachine> RemoveBesideSleepers(IpcFault fault) => machine =>
    {
        var small = new SmallCase(machine);
        var id = -1;
        var results = new Errno[2];
        IpcKernel.Run(machine, fault, kernel =>
        {
            small.Prepare = () => id = NewSet(2);
            kernel.Spawn("sleeper", small.Part(() => results[0] = IpcKernel.Operate(id, 0, -1)), CpuSet.Of(0));
            kernel.Spawn("undoing", small.Part(() =>
            {
                results[1] = IpcKernel.Operate(id, [Op(1, 1, SysVIpc.SEM_UNDO), Op(0, -1, SysVIpc.SEM_UNDO)]);
                SemaphoreUndoList.Leave(Task.Current);
            }), CpuSet.Of(1));
            kernel.Spawn("remover", small.Part(() => Semaphores.Remove(id)), CpuSet.Of(1));
        });
        foreach (var result in results)
        {
            if (result is not (Errno.EIDRM or Errno.EINVAL))
                machine.Fail($"a sleeper's result is {result}");
        }

        CheckNothingLeft(machine);
    };

    [Fact]
    public void All_schedules_of_removal_set_the_sleepers_free()
    {
        Explore.All(RemoveBesideSleepers(IpcFault.None), Explore.Bound(1, 2));
        Explore.AllFindFailure(RemoveBesideSleepers(IpcFault.SleepersForgotten));
    }

    [Fact]
    public void A_deadline_ends_the_wait_whoever_comes_beside_it() => Explore.Schedules(2, machine =>
    {
        SemaphoreSet set = null!;
        var result = Errno.EIO;
        IpcKernel.Run(machine, IpcFault.None, kernel => kernel.Spawn("first", () =>
        {
            var id = NewSet(1);
            set = Find(id);
            kernel.Spawn("giver", () => IpcKernel.Operate(id, 0, 1));
            result = IpcKernel.Operate(id, 0, -1, 0, Jiffy.Kernel.Time.TimeKeeper.Monotonic + 300);
        }));
        if (result is not (Errno.None or Errno.EAGAIN) || set[0].Value != (result == Errno.None ? 0 : 1))
            machine.Fail($"{result}, value {set[0].Value}");
    }, 500);
}
