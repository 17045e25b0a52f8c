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
        var result = Explorer.Run(options, body);
        Print(result);
        if (Environment.GetEnvironmentVariable("JIFFY_SIM_TELL") is not null)
            TestContext.Current.TestOutputHelper?.WriteLine(result.Failure?.Message ?? "");
        Assert.True(result.Failure is not null, $"no failing schedule among {result.Schedules}");
        Assert.NotEqual("not repeatable", result.Failure.Reason);
        return result;
    }

    // The file that `jiffy test sim` names gets a line from each search: schedules, microseconds, the test.
    private static void Print(ExploreResult result)
    {
        TestContext.Current.TestOutputHelper?.WriteLine(result.ToString());
        if (Environment.GetEnvironmentVariable("JIFFY_SIM_REPORT") is { Length: > 0 } report)
            File.AppendAllText(report, $"{result.Schedules}\t{(long)result.Elapsed.TotalMicroseconds}\t{TestContext.Current.Test?.TestDisplayName}\n");
    }
}
