// Every part of `jiffy test`, in the order in which they run: quick ones first. A new part gets a line here.
using System.Collections.Generic;

namespace Jiffy.Cli.Testing;

internal static class Suites
{
    public static IReadOnlyList<TestSuite> All { get; } =
    [
        new FormatSuite(),
        new ChecksSuite(),
        new XunitSuite("unit", "classes by themselves, in .NET", "tests/Unit/Unit.csproj"),
        new SimSuite(),
        new Guest.GuestSuite(),
        new Guest.KernelSuite(),
        new LabSuite(),
        new RunSuite(),
    ];
}
