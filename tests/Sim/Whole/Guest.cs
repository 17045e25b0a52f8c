// The whole kernel on a simulated machine, with user programs written as scripts.
using System;
using System.Collections.Generic;
using System.Text;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Boot;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;
using Jiffy.Machine.Sim;

namespace Jiffy.Tests.Sim.Whole;

/// <summary>Boots the kernel with a script as /init, and others beside it, until it switches the machine off.</summary>
internal sealed class Guest
{
    private readonly RamdiskBuilder _root = new RamdiskBuilder().AddDirectory("dev").AddDevice("dev/console", 5, 1);
    private readonly List<ISimProgram> _programs = new();
    private byte[]? _ramdisk;

    public Guest(SimScript init) => Add("init", init);

    /// <summary>A program in the root directory, started by an interpreter if one is named.</summary>
    public Guest Add(string name, SimScript script, string interpreter = "")
    {
        _root.AddExecutable(name, SimPrograms.BuildElf(_programs.Count, interpreter));
        _programs.Add(script);
        return this;
    }

    public SimOptions Options(int cpus, string commandLine = "", bool survivesFaults = false) => new()
    {
        Cpus = cpus,
        MemoryBytes = 16 << 20,
        CommandLine = commandLine,
        FaultsGoToKernel = survivesFaults,
        Ramdisk = _ramdisk ??= _root.Build(),
    };

    /// <summary>Runs on the machine; what the console showed. Fails the test unless init switched the machine off with status 0.</summary>
    public string Run(SimMachine machine, long maxNanoseconds = 10_000_000_000)
    {
        SimPrograms.Clear();
        foreach (var program in _programs)
            SimPrograms.Register(program);
        KernelEntry.Instance = new JiffyKernel();
        SimMachine.NameTeller = static context => context is Task task ? $"{Encoding.UTF8.GetString(task.Name)}[{task.Id}]" : "?";
        var result = machine.Boot(maxNanoseconds);
        if (result != RunResult.PoweredOff)
            machine.Fail($"init did not switch the machine off: {result}");
        if (machine.ExitStatus != 0)
            machine.Fail($"exit status {machine.ExitStatus}");
        return machine.SerialText().Replace("\r\n", "\n", StringComparison.Ordinal);
    }
}

/// <summary>System calls as script steps.</summary>
internal static class Calls
{
    public static SimScript Call(this SimScript script, SyscallNumber number, ulong a = 0, ulong b = 0, ulong c = 0, ulong d = 0) =>
        script.Call((long)number, a, b, c, d);

    public static void Call(this SimUser user, SyscallNumber number, ulong a = 0, ulong b = 0, ulong c = 0, ulong d = 0) =>
        user.SystemCall((long)number, a, b, c, d);

    /// <summary>Writes a text to standard output, by way of the end of the data page.</summary>
    public static SimScript Print(this SimScript script, string text) => script
        .Do(user => user.Store(user.Data + 0xf00, Encoding.UTF8.GetBytes(text)))
        .Do(user => user.Call(SyscallNumber.write, 1, user.Data + 0xf00, (ulong)text.Length));

    /// <summary>Switches the machine off.</summary>
    public static SimScript PowerOff(this SimScript script) => script
        .Call(SyscallNumber.reboot, 0xfee1dead, 672274793, 0x4321fedc);

    public static SimScript Exit(this SimScript script, int status) => script
        .Call(SyscallNumber.exit_group, (ulong)status);

    /// <summary>Gives way until the condition holds; the run fails as too long when it never does.</summary>
    public static SimScript Settle(this SimScript script, Func<bool> condition)
    {
        var label = $"settle{script.Count}";
        return script.Label(label).Call(SyscallNumber.sched_yield).Do(user =>
        {
            if (!condition())
                user.Jump(script[label]);
        });
    }

    /// <summary>Ends the run unless the last result is as expected.</summary>
    public static SimScript Expect(this SimScript script, Func<long, bool> isExpected, string what) => script.Do(user =>
    {
        if (!isExpected(user.Result))
            SimMachine.Current.Fail($"{what}: {user.Result}");
    });
}
