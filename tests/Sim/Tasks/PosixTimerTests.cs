// POSIX and interval timers, timers' files and interrupted sleeps: expiry against delivery, setting, deletion, exec and end on explored
// schedules. Time is the machine's, so counts are exact: signals and their overruns are the periods gone by, no more and no less.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;
using Jiffy.Machine.Sim;
using Jiffy.Tests.Sim.Kernel;
using Jiffy.Tests.Sim.Whole;
using Xunit;
using static Jiffy.Tests.Sim.Tasks.Scripts;

namespace Jiffy.Tests.Sim.Tasks;

public sealed partial class PosixTimerTests
{
    private const int SIGALRM = 14, Signal = 40;
    private const ulong Period = 20_000; // nanoseconds; a step takes some twenty
    private const ulong EventAt = 0x100, IdAt = 0x140, SpecAt = 0x160, SetAt = 0x190, InfoAt = 0x200, CountAt = 0x300, TimeAt = 0x320;
    private const ulong Monotonic = 1, CpuTime = 2;

    /// <summary>A kernel with one mistake switched on, put right again whatever happens.</summary>
    private static void Run(SimMachine machine, ISimProgram script, PosixTimerFault fault)
    {
        PosixTimerFaults.Set(fault);
        try
        {
            new ProcessKernel(machine, script).Run();
        }
        finally
        {
            PosixTimerFaults.Set(PosixTimerFault.None);
        }
    }

    private static SimOptions Options(int cpus) => new() { Cpus = cpus, MemoryBytes = 8 << 20, MaxSteps = 500_000 };

    private static void Holds(int cpus, SimScript script, int schedules = 200) =>
        Explore.Schedules(new ExploreOptions { Machine = Options(cpus), Schedules = schedules }, machine => Run(machine, script, PosixTimerFault.None));

    private static void IsCaught(int cpus, SimScript script, PosixTimerFault fault) =>
        Explore.FindsFailure(new ExploreOptions { Machine = Options(cpus), Schedules = 5000 }, machine => Run(machine, script, fault));

    // ---- Scripts --------------------------------------------------------------------------------------------------------------

    private static SimScript Create(SimScript script, ulong clock = Monotonic) => script
        .Do(user => user.Store(user.Data + EventAt, 7))
        .Do(user => user.Store(user.Data + EventAt + 8, Signal))
        .Do(user => user.Call(SyscallNumber.timer_create, clock, user.Data + EventAt, user.Data + IdAt))
        .Expect(result => result == 0, "timer_create");

    /// <summary>Sets the timer to a value and an interval in nanoseconds.</summary>
    private static SimScript Arm(SimScript script, ulong value, ulong interval) => script
        .Do(user => user.Store(user.Data + SpecAt, 0))
        .Do(user => user.Store(user.Data + SpecAt + 8, interval))
        .Do(user => user.Store(user.Data + SpecAt + 16, value / 1_000_000_000))
        .Do(user => user.Store(user.Data + SpecAt + 24, value % 1_000_000_000))
        .Do(user => user.Call(SyscallNumber.timer_settime, user.Load32(user.Data + IdAt), 0, user.Data + SpecAt))
        .Expect(result => result == 0, "settime");

    private static SimScript Delete(SimScript script) => script
        .Do(user => user.Call(SyscallNumber.timer_delete, user.Load32(user.Data + IdAt)))
        .Expect(result => result == 0, "timer_delete");

    private static SimScript Take(SimScript script) => script
        .Put(SetAt, Bit(Signal))
        .Do(user => user.Call(SyscallNumber.rt_sigtimedwait, user.Data + SetAt, user.Data + InfoAt, 0, 8))
        .Expect(result => result == Signal, "rt_sigtimedwait");

    private static SimScript Sleep(SimScript script, ulong nanoseconds) => script
        .Put(0x850, 0)
        .Put(0x858, nanoseconds)
        .Do(user =>
        {
            // A step is done again when its call goes on: then it is the call that the kernel has put in its place.
            if (user.Result == (long)SyscallNumber.restart_syscall)
                user.Call(SyscallNumber.restart_syscall);
            else
                user.Call(SyscallNumber.nanosleep, user.Data + 0x850);
        });

    private static SimScript ReadClock(SimScript script, ulong at) => script
        .Do(user => user.Call(SyscallNumber.clock_gettime, Monotonic, user.Data + at))
        .Expect(result => result == 0, "clock_gettime");

    private static long Time(SimUser user, ulong at) => (long)(user.Load(user.Data + at) * 1_000_000_000 + user.Load(user.Data + at + 8));

    /// <summary>
    /// Signals of a periodic timer are taken with pauses between; after each, as many expirations as told have passed since the timer was
    /// set (between the clock's two readings around it), and the one after that is still to come or has just begun.
    /// </summary>
    private static SimScript Counting()
    {
        var script = Create(new SimScript().Block(Bit(Signal)));
        script = ReadClock(script, TimeAt);
        script = Arm(script, Period, Period);
        script = ReadClock(script, TimeAt + 16);
        script.Put(CountAt, 0);
        for (var i = 0; i < 4; i++)
        {
            // How long the pause is does not matter, but that some are longer than a period.
            script = Sleep(script, (ulong)(i % 2 == 0 ? 3 : 1) * Period + 7_000);
            script = ReadClock(script, TimeAt + 32);
            script = Take(script);
            script.Do(user => user.Registers.R12 = user.Load(user.Data + CountAt) + 1 + user.Load32(user.Data + InfoAt + 20))
                .Do(user => user.Store(user.Data + CountAt, user.Registers.R12));
            script = ReadClock(script, TimeAt + 48);
            script.Do(user =>
            {
                var told = (long)user.Load(user.Data + CountAt);
                var most = (Time(user, TimeAt + 48) - Time(user, TimeAt)) / (long)Period;
                var least = (Time(user, TimeAt + 32) - Time(user, TimeAt + 16)) / (long)Period;
                if (told > most || told < least)
                    SimMachine.Current.Fail($"{told} expirations told, between {least} and {most} have passed");
            });
        }

        return Delete(script).PowerOff();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Signals_and_overruns_are_the_periods_gone_by(int cpus) => Holds(cpus, Counting());

    [Fact]
    public void Forgetting_the_periods_gone_by_is_caught() => IsCaught(1, Counting(), PosixTimerFault.OverrunsLost);

    /// <summary>
    /// A timer that one thread has set is about to go off on its CPU when another thread deletes it. Its object is at once another timer, on
    /// CPU time and far off, which must not go off in its place.
    /// </summary>
    private static SimScript Deleting()
    {
        var script = new SimScript().Block(Bit(Signal)).Put(SetAt, Bit(Signal)).Thread("thread").Await(CountAt, 1);
        script = Create(Delete(script), clock: CpuTime);
        script = Arm(script, 900_000_000, 0).Call(SyscallNumber.getppid).Call(SyscallNumber.getppid);
        script = Delete(Drain(script, "before its time")).PowerOff().Label("thread");
        return Arm(Create(script), 3_000, 0).Put(CountAt, 1).Spin();
    }

    // No signal waits.
    private static SimScript Drain(SimScript script, string what) => script
        .Put(InfoAt + 0x80, 0)
        .Put(InfoAt + 0x88, 0)
        .Do(user => user.Call(SyscallNumber.rt_sigtimedwait, user.Data + SetAt, user.Data + InfoAt, user.Data + InfoAt + 0x80, 8))
        .Expect(result => result == -(long)Errno.EAGAIN, "a signal " + what);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_deleted_timer_never_goes_off_as_another(int cpus) => Holds(cpus, Deleting());

    [Fact]
    public void Freeing_a_timer_under_its_callback_is_caught() => IsCaught(2, Deleting(), PosixTimerFault.FreedUnderCallback);

    /// <summary>Set anew while its expiry is under way: the old expiry is forgotten, and the new time holds.</summary>
    private static SimScript SettingAnew()
    {
        var script = new SimScript().Block(Bit(Signal)).Put(SetAt, Bit(Signal)).Thread("thread").Await(CountAt, 1);
        script = Arm(script, 3_000_000_000, 0);
        script.Do(user => user.Call(SyscallNumber.timer_gettime, user.Load32(user.Data + IdAt), user.Data + SpecAt))
            .Expect(result => result == 0, "timer_gettime")
            .Do(user => Same(2, (long)user.Load(user.Data + SpecAt + 16), "whole seconds left"))
            .PowerOff()
            .Label("thread");
        script = Arm(Create(script), 2_000, 0).Put(CountAt, 1);
        return script.Spin();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Set_anew_it_counts_from_there(int cpus) => Holds(cpus, SettingAnew());

    [Fact]
    public void An_expiry_that_overlooks_the_new_time_is_caught() => IsCaught(2, SettingAnew(), PosixTimerFault.StaleExpiryCounts);

    /// <summary>A process ends, by one thread of two, while its timers go off: nothing of them is left.</summary>
    private static SimScript Ending()
    {
        var script = new SimScript().Fork("child").WaitFor(0)
            .Do(_ => Same(0, PosixTimer.Pool.Used, "timers left"))
            .PowerOff().Label("child").Block(Bit(Signal)).Thread("thread");
        script = Arm(Create(script), 900, 300);
        script = Arm(Create(script), 900, 700).Spin().Label("thread");
        return Arm(Create(script), 400, 0).Exit(0);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_process_that_ends_leaves_no_timer(int cpus) => Holds(cpus, Ending());

    // ---- The interval timer ----------------------------------------------------------------------------------------------------

    /// <summary>A periodic alarm with a handler: the nth call never comes before n periods, though deliveries are late.</summary>
    private static SimScript Alarms()
    {
        var script = new SimScript().Handle(SIGALRM, "handler");
        script = ReadClock(script, TimeAt);
        script.Put(SpecAt, 0).Put(SpecAt + 8, 50).Put(SpecAt + 16, 0).Put(SpecAt + 24, 50)
            .Do(user => user.Call(SyscallNumber.setitimer, 0, user.Data + SpecAt))
            .Expect(result => result == 0, "setitimer")
            .Await(CountAt, 4);
        script = ReadClock(script, TimeAt + 16);
        return script
            .Do(user =>
            {
                var took = Time(user, TimeAt + 16) - Time(user, TimeAt);
                if (took < 4 * 50_000)
                    SimMachine.Current.Fail($"four periods took {took} ns");
            })
            .PowerOff()
            .Label("handler")
            .Do(user => user.Registers.R12 = user.Load(user.Data + CountAt) + 1)
            .Do(user => user.Store(user.Data + CountAt, Math.Min(user.Registers.R12, 4)))
            .Do(user =>
            {
                // Four are enough: a schedule that lets time leap would have the handler run for ever.
                if (user.Load(user.Data + CountAt) == 4)
                    user.Call(SyscallNumber.setitimer, 0, user.Data + SetAt);
            })
            .EndHandler("handler");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Periodic_alarms_are_never_early(int cpus) => Holds(cpus, Alarms());

    // ---- Sleeps -----------------------------------------------------------------------------------------------------------------

    /// <summary>A sleeper is stopped for longer than it meant to sleep: continued, it wakes at once.</summary>
    private static SimScript StoppedSleep()
    {
        const int SIGSTOP = 19, SIGCONT = 18;
        var script = new SimScript().Fork("sleeper").Label("waits");
        script = Sleep(script, 1_000_000)
            .Do(user =>
            {
                // It sleeps nowhere else. A schedule that lets time leap may bring it to its end at once.
                if (TaskTree.Find((int)user.Registers.Rbx) is { IsExiting: false } sleeper && sleeper.State != TaskState.Interruptible)
                    user.Jump(script["waits"]);
            })
            .Kill(SIGSTOP)
            .Do(user => user.Call(SyscallNumber.wait4, user.Registers.Rbx, user.Data, Untraced))
            .Expect(result => result > 0, "wait4")
            .Do(user =>
            {
                if (user.Load32(user.Data) == 0)
                    user.Jump(script["end"]);
            });
        script = ReadClock(Sleep(script, 950_000_000), TimeAt).Kill(SIGCONT).WaitFor(0);
        script = ReadClock(script, TimeAt + 16)
            .Do(user =>
            {
                var took = Time(user, TimeAt + 16) - Time(user, TimeAt);
                if (took > 800_000_000) // schedules that let time leap a tick at many steps take their time
                    SimMachine.Current.Fail($"woke {took} ns after it was continued");
            })
            .Label("end")
            .PowerOff()
            .Label("sleeper");
        return Sleep(script, 900_000_000).Expect(result => result == 0, "nanosleep").Exit(0);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_stopped_sleep_ends_when_it_was_to_end(int cpus) => Holds(cpus, StoppedSleep(), schedules: 60);

    [Fact]
    public void A_sleep_that_begins_anew_is_caught() => IsCaught(2, StoppedSleep(), PosixTimerFault.SleepStartsAnew);
}
