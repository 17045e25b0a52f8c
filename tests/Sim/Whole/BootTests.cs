// The whole kernel boots, runs programs and switches off.
using System;
using Jiffy.Machine.Sim;
using Xunit;

namespace Jiffy.Tests.Sim.Whole;

public sealed class BootTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void Init_prints_and_switches_off(int cpus)
    {
        var guest = new Guest(new SimScript().Print("hello\n").PowerOff());
        using var machine = new SimMachine(guest.Options(cpus));
        Assert.Contains("hello\n", guest.Run(machine), StringComparison.Ordinal);
    }
}
