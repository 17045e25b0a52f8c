// Who takes signals instead of handling them, by signalfd and by sigtimedwait, and who polls for the end of a process by pidfd: small cases of which
// all schedules are searched, with another signal that may interrupt each wait, and random ones; each with the mistakes that must be found.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Ipc;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Signals;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;
using Jiffy.Kernel.Wait;
using Jiffy.Machine;
using Jiffy.Machine.Sim;
using Jiffy.Tests.Sim.Deferred;
using Xunit;
using Task = Jiffy.Kernel.Tasks.Task;

namespace Jiffy.Tests.Sim.Tasks;

public sealed class SignalFileTests
{
    private const int SIGUSR1 = 10, SIGUSR2 = 12;

    private static ExploreOptions Options(int cpus, int schedules) =>
        new() { Machine = new SimOptions { Cpus = cpus, MaxSteps = 500_000 }, Schedules = schedules };

    private static void With<T>(Action<T> set, T fault, Action run)
        where T : struct
    {
        set(fault);
        try
        {
            run();
        }
        finally
        {
            set(default);
        }
    }

    // ---- Signals ---------------------------------------------------------------------------------------------------------------

    // On CPU 0 one waits for SIGUSR1, which it blocks; on CPU 1 it is sent, and SIGUSR2, which has a handler.
    private static void Wait(SimMachine machine, bool isSmall, bool interrupts, Func<Result<SignalInfo>> take, Errno interrupted)
    {
        var small = isSmall ? new SmallCase(machine) : null;
        Action Part(Action body) => small?.Part(body) ?? body;
        Task waiter = null!;
        var result = default(Result<SignalInfo>);
        var isPending = false;
        var wait = Part(() => result = take());
        void Send(int signal)
        {
            while (waiter is null)
                Sleep.For(1_000);
            Assert.Equal(Errno.None, SignalSender.SendToTask(waiter, SignalInfo.FromKernel(signal)));
        }

        var kernel = new WorkKernel(machine) { StaysCalm = isSmall, OnReady = static () => SignalFile.Init(4) };
        kernel.Spawn("waiter", () =>
        {
            var current = Task.Current;
            current.Handlers = SignalHandlers.Create(null, onlyIgnored: false)!;
            current.Handlers[SIGUSR2].Handler = 0x1000;
            current.SetBlocked(SignalSet.Of(SIGUSR1));
            waiter = current;
            wait();
            isPending = SignalWait.IsPending(SignalSet.Of(SIGUSR1));
        }, cpu: 0);
        kernel.Spawn("sender", Part(() => Send(SIGUSR1)), cpu: isSmall ? 1 : 0);
        if (interrupts)
            kernel.Spawn("interrupter", Part(() => Send(SIGUSR2)), cpu: 1);
        kernel.RunAll();
        var isRight = result.TryGet(out var info) ? info.Signal == SIGUSR1 && !isPending : interrupts && result.Error == interrupted;
        if (!isRight)
            machine.Fail($"signal {info.Signal}, {result.Error}; {(isPending ? "still" : "not")} pending");
    }

    private static Result<SignalInfo> TakeFromFile()
    {
        var file = SignalFile.Create(SignalSet.Of(SIGUSR1))!;
        var taken = file.Take(isNonBlocking: false);
        file.Close();
        return SignalFile.Pool.Used == 0 ? taken : Errno.EIO;
    }

    private static Result<SignalInfo> TakeInTime() => SignalWait.Take(SignalSet.Of(SIGUSR1), long.MaxValue);

    private static Action<SimMachine> ByFile(bool isSmall, bool interrupts) =>
        machine => Wait(machine, isSmall, interrupts, TakeFromFile, Errno.ERESTARTSYS);

    private static Action<SimMachine> ByCall(bool isSmall, bool interrupts) =>
        machine => Wait(machine, isSmall, interrupts, TakeInTime, Errno.EINTR);

    [Fact]
    public void All_schedules_of_a_signal_file_s_reader_a_sender_and_an_interruption()
    {
        Explore.All(ByFile(isSmall: true, interrupts: true), Explore.Bound(1, 2));
        With(WaitFaults.Set, WaitFault.TestedBeforeQueueing, static () => Explore.AllFindFailure(ByFile(isSmall: true, interrupts: false)));
        With(WaitFaults.Set, WaitFault.StateSetAfterTest, static () => Explore.AllFindFailure(ByFile(isSmall: true, interrupts: false)));
    }

    [Fact]
    public void All_schedules_of_sigtimedwait_a_sender_and_an_interruption()
    {
        Explore.All(ByCall(isSmall: true, interrupts: true), Explore.Bound(1, 2));
        With(SignalFaults.Set, SignalFault.AwaitedStaysBlocked, static () => Explore.AllFindFailure(ByCall(isSmall: true, interrupts: false)));
    }

    [Fact]
    public void A_signal_file_s_reader_misses_nothing() => Explore.Schedules(Options(2, 60), ByFile(isSmall: false, interrupts: true));

    [Fact]
    public void Sigtimedwait_misses_nothing() => Explore.Schedules(Options(2, 60), ByCall(isSmall: false, interrupts: true));

    // ---- The end of a process ----------------------------------------------------------------------------------------------------

    // On CPU 0 one polls, on CPU 1 the process ends, and a second one polls, whom a signal may interrupt.
    private static Action<SimMachine> PollEnd(bool isSmall) => machine =>
    {
        var small = isSmall ? new SmallCase(machine) : null;
        Action Part(Action body) => small?.Part(body) ?? body;
        OpenFile file = null!;
        var left = 2;
        var isTold = false;
        Task second = null!;
        void Poll(bool mayBeInterrupted)
        {
            while (!isTold)
                Sleep.For(1_000);
            Assert.True(Poller.Create().TryGet(out var table));
            var error = Errno.None;
            for (var asked = table; error == Errno.None && Poller.Ask(file, FileConstants.POLLIN, asked) == 0; asked = null)
                error = table.Wait(long.MaxValue);
            table.Close();
            if (error != Errno.None && !(mayBeInterrupted && error == Errno.ERESTARTSYS))
                machine.Fail($"a poller's result is {error}");
            if (--left == 0)
                file.Drop();
        }

        var kernel = new WorkKernel(machine)
        {
            StaysCalm = isSmall,
            OnReady = () =>
            {
                FileSystems.Init();
                file = PidFile.Make(0).Value;
            },
        };
        kernel.Spawn("ending", () =>
        {
            using (TaskTree.Lock.Acquire())
                PidFile.Tell(file, Task.Current);
            isTold = true;
            Part(() => { })();
            if (second is not null)
            {
                WorkFlag.Set(second, WorkFlag.SignalPending);
                Scheduler.TryToWakeUp(second, TaskState.Interruptible);
            }
        }, cpu: 1);
        kernel.Spawn("poller", Part(() => Poll(mayBeInterrupted: false)), cpu: 0);
        kernel.Spawn("second", Part(() =>
        {
            second = Task.Current;
            Poll(mayBeInterrupted: true);
        }), cpu: isSmall ? 1 : 0);
        kernel.RunAll();
        if (Poller.Pool.Used + PollEntry.Pool.Used + OpenFile.Pool.Used != 0)
            machine.Fail($"{Poller.Pool.Used} pollers, {PollEntry.Pool.Used} entries and {OpenFile.Pool.Used} files are left");
    };

    private static SimOptions Roomy => new() { Cpus = 2, MemoryBytes = 24 << 20, MaxSteps = 500_000 };

    [Fact]
    public void All_schedules_of_two_pollers_and_an_end()
    {
        Explore.All(PollEnd(isSmall: true), Explore.Bound(1, 2), Roomy);
        With(EventFaults.Set, EventFault.AskedBeforeRegistering, static () => Explore.AllFindFailure(PollEnd(isSmall: true), 2, Roomy));
        With(EventFaults.Set, EventFault.PollerLooksFirst, static () => Explore.AllFindFailure(PollEnd(isSmall: true), 2, Roomy));
    }

    [Fact]
    public void A_poller_misses_no_end() =>
        Explore.Schedules(new ExploreOptions { Machine = Roomy, Schedules = 40 }, PollEnd(isSmall: false));
}
