// What the tests of tasks, signals and terminals share: scripts run on many schedules, and usual steps.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Machine.Sim;
using Jiffy.Tests.Sim.Kernel;
using Jiffy.Tests.Sim.Whole;

namespace Jiffy.Tests.Sim.Tasks;

internal static class Scripts
{
    /// <summary>CLONE_VM, FS, FILES, SIGHAND, THREAD, SYSVSEM.</summary>
    public const ulong ThreadFlags = 0x50f00;

    public const ulong AnyChild = ulong.MaxValue;
    public const ulong NoHang = 1, Untraced = 2, Continued = 8;
    public const int StoppedBy = 0x7f, ContinuedStatus = 0xffff;

    private const ulong ActionAt = 0x800, MaskAt = 0x840, NapAt = 0x850;
    private const ulong Restorer = 0x0400_0000;

    // What goes wrong here often leaves somebody spinning: better soon than at the machine's own limit.
    private static SimOptions Options(int cpus) => new() { Cpus = cpus, MemoryBytes = 8 << 20, MaxSteps = 500_000 };

    /// <summary>The script is the first program, without files; it holds on every schedule.</summary>
    public static void Explored(int cpus, SimScript script, int schedules = 200)
    {
        var options = new ExploreOptions { Machine = Options(cpus), Schedules = schedules };
        Explore.Schedules(options, machine => new ProcessKernel(machine, script).Run());
    }

    /// <summary>Some schedule makes the script fail.</summary>
    public static void FailsSomewhere(int cpus, SimScript script)
    {
        var options = new ExploreOptions { Machine = Options(cpus), Schedules = 3000 };
        Explore.FindsFailure(options, machine => new ProcessKernel(machine, script).Run());
    }

    /// <summary>Forks; the child goes on at <paramref name="child"/>. The parent keeps the child's id in Rbx.</summary>
    public static SimScript Fork(this SimScript script, string child) => script
        .Call(SyscallNumber.fork)
        .JumpIf(result => result == 0, child)
        .Expect(result => result > 0, "fork")
        .Do(user => user.Registers.Rbx = (ulong)user.Result);

    /// <summary>Makes a thread that goes on at <paramref name="thread"/>, on a stack below the caller's.</summary>
    public static SimScript Thread(this SimScript script, string thread) => script
        .Do(user => user.Call(SyscallNumber.clone, ThreadFlags, user.Registers.Rsp - 0x1000))
        .JumpIf(result => result == 0, thread)
        .Expect(result => result > 0, "clone");

    /// <summary>Waits for a change of child <paramref name="id"/> (null: of Rbx), and for its status.</summary>
    public static SimScript WaitFor(this SimScript script, int status, ulong options = 0, ulong? id = null) => script
        .Do(user => user.Call(SyscallNumber.wait4, id ?? user.Registers.Rbx, user.Data, options))
        .Expect(result => result > 0, "wait4")
        .Do(user => Same(status, user.Load32(user.Data), "status"));

    public static SimScript ExpectNoChild(this SimScript script) => script
        .Call(SyscallNumber.wait4, AnyChild)
        .Expect(result => result == -(long)Errno.ECHILD, "wait4 without children");

    /// <summary>Signals the child in Rbx.</summary>
    public static SimScript Kill(this SimScript script, int signal) => script
        .Do(user => user.Call(SyscallNumber.kill, user.Registers.Rbx, (ulong)signal))
        .Expect(result => result == 0, "kill");

    /// <summary>Sends a signal to <paramref name="target"/>, again until there is one of that id.</summary>
    public static SimScript KillOnceThere(this SimScript script, Func<SimUser, ulong> target, int signal)
    {
        var label = $"kill{script.Count}";
        return script.Label(label)
            .Nap()
            .Do(user => user.Call(SyscallNumber.kill, target(user), (ulong)signal))
            .JumpIf(result => result == -(long)Errno.ESRCH, label)
            .Expect(result => result == 0, "kill");
    }

    /// <summary>Sets a handler: a label whose steps end with <see cref="EndHandler"/>; null: SIG_IGN.</summary>
    public static SimScript Handle(this SimScript script, int signal, string? handler, ulong flags = 0) => script
        .Do(user => user.Store(user.Data + ActionAt, handler is null ? 1 : user.AddressOf(script[handler])))
        .Do(user => user.Store(user.Data + ActionAt + 8, Restorer | flags))
        .Do(user => user.Store(user.Data + ActionAt + 16, handler is null ? 0 : user.AddressOf(script[handler + " restorer"])))
        .Do(user => user.Store(user.Data + ActionAt + 24, 0))
        .Do(user => user.Call(SyscallNumber.rt_sigaction, (ulong)signal, user.Data + ActionAt, 0, 8))
        .Expect(result => result == 0, "rt_sigaction");

    /// <summary>Returns from the handler called <paramref name="handler"/>.</summary>
    public static SimScript EndHandler(this SimScript script, string handler) => script
        .Do(user => user.Return())
        .Label(handler + " restorer")
        .Call(SyscallNumber.rt_sigreturn);

    /// <summary>Sets the mask (SIG_SETMASK).</summary>
    public static SimScript Block(this SimScript script, ulong set) => script
        .Do(user => user.Store(user.Data + MaskAt, set))
        .Do(user => user.Call(SyscallNumber.rt_sigprocmask, 2, user.Data + MaskAt, 0, 8))
        .Expect(result => result == 0, "rt_sigprocmask");

    /// <summary>Sleeps a little. A loop without it may keep its CPU for ever, on a schedule that prefers it.</summary>
    private static SimScript Nap(this SimScript script) => script
        .Put(NapAt, 0)
        .Put(NapAt + 8, 2000)
        .Do(user => user.Call(SyscallNumber.nanosleep, user.Data + NapAt));

    /// <summary>Sleeps until the word at an offset of the data page has that value.</summary>
    public static SimScript Await(this SimScript script, ulong offset, ulong value)
    {
        var label = $"await{script.Count}";
        return script.Label(label).Nap().Do(user =>
        {
            if (user.Load(user.Data + offset) != value)
                user.Jump(script[label]);
        });
    }

    public static SimScript Put(this SimScript script, ulong offset, ulong value) =>
        script.Do(user => user.Store(user.Data + offset, value));

    /// <summary>Runs and sleeps by turns, and never ends by itself.</summary>
    public static SimScript Spin(this SimScript script)
    {
        var label = $"spin{script.Count}";
        return script.Label(label).Nap().Call(SyscallNumber.sched_yield).Jump(label);
    }

    public static ulong Bit(int signal) => 1UL << (signal - 1);

    public static void Same(long expected, long found, string what)
    {
        if (expected != found)
            SimMachine.Current.Fail($"{what}: {found} where {expected} was expected");
    }
}
