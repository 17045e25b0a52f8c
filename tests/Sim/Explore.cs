// How the tests of this project search for bad schedules: a body that must hold under all, or a broken twin that must be caught.
using System;
using System.IO;
using Jiffy.Machine.Sim;
using Xunit;

namespace Jiffy.Tests.Sim;

public static class Explore
{
    /// <summary>The body holds under every schedule tried.</summary>
    public static ExploreResult Schedules(int cpus, Action<SimMachine> body, int schedules = 1000, Strategy strategy = Strategy.Mixed) =>
        Schedules(new ExploreOptions { Machine = new SimOptions { Cpus = cpus }, Schedules = schedules, Strategy = strategy }, body);

    public static ExploreResult Schedules(ExploreOptions options, Action<SimMachine> body)
    {
        var result = Explorer.Run(options, body);
        Print(result);
        if (result.Failure is not null)
            Assert.Fail($"JIFFY_SIM_REPLAY={result.FailedSchedule}\n{result.Failure.Message}");
        return result;
    }

    /// <summary>Some schedule makes the body fail, the same one again when replayed.</summary>
    public static ExploreResult FindsFailure(int cpus, Action<SimMachine> body, int schedules = 5000, Strategy strategy = Strategy.Mixed) =>
        FindsFailure(new ExploreOptions { Machine = new SimOptions { Cpus = cpus }, Schedules = schedules, Strategy = strategy }, body);

    public static ExploreResult FindsFailure(ExploreOptions options, Action<SimMachine> body)
    {
        return Checked(Explorer.Run(options, body));
    }

    private static ExploreResult Checked(ExploreResult result)
    {
        Print(result);
        if (Environment.GetEnvironmentVariable("JIFFY_SIM_TELL") is not null)
            TestContext.Current.TestOutputHelper?.WriteLine(result.Failure?.Message ?? "");
        Assert.True(result.Failure is not null, $"no failing schedule among {result.Schedules}");
        Assert.NotEqual("not repeatable", result.Failure.Reason);
        return result;
    }

    /// <summary>The body holds under every schedule with at most <paramref name="bound"/> disturbances; the search must come to its end.</summary>
    public static ExploreResult All(Action<SimMachine> body, int bound = 2, SimOptions? machine = null)
    {
        var result = Schedules(Exhaustive(bound, machine), body);
        Assert.True(result.IsComplete || Environment.GetEnvironmentVariable("JIFFY_SIM_REPLAY") is { Length: > 0 }, $"not complete: {result}");
        return result;
    }

    /// <summary>The same search finds a schedule under which the body fails, first among those with the fewest disturbances.</summary>
    public static ExploreResult AllFindFailure(Action<SimMachine> body, int bound = 2, SimOptions? machine = null)
    {
        for (var fewer = 0; fewer < bound; fewer++)
        {
            var result = Explorer.Run(Exhaustive(fewer, machine), body);
            if (result.Failure is not null)
                return Checked(result);
        }

        return FindsFailure(Exhaustive(bound, machine), body);
    }

    /// <summary>A bound on the disturbances: the greater one when the environment asks for more effort than `jiffy test sim` does by itself.</summary>
    public static int Bound(int usual, int thorough) => Asked("JIFFY_SIM_EFFORT") > 3 || Asked("JIFFY_SIM_SECONDS") > 0 ? thorough : usual;

    private static long Asked(string variable) => long.TryParse(Environment.GetEnvironmentVariable(variable), out var number) ? number : 0;

    private static ExploreOptions Exhaustive(int bound, SimOptions? machine) => new()
    {
        Machine = machine ?? new SimOptions { Cpus = 2, MaxSteps = 500_000 },
        Schedules = 5_000_000,
        Strategy = Strategy.Exhaustive,
        PreemptionBound = bound,
        Budget = TimeSpan.FromMinutes(10),
    };

    // The file that `jiffy test sim` names gets a line from each search: schedules, microseconds, the test.
    private static void Print(ExploreResult result)
    {
        TestContext.Current.TestOutputHelper?.WriteLine(result.ToString());
        if (Environment.GetEnvironmentVariable("JIFFY_SIM_REPORT") is { Length: > 0 } report)
            File.AppendAllText(report, $"{result.Schedules}\t{(long)result.Elapsed.TotalMicroseconds}\t{TestContext.Current.Test?.TestDisplayName}\n");
    }
}
