using System;

namespace Jiffy.Machine.Sim;

public enum Strategy
{
    /// <summary>Random walks and priority changes, in turn.</summary>
    Mixed,
    RandomWalk,
    PriorityChanges,

    /// <summary>Every schedule within the preemption bound.</summary>
    Exhaustive,
}

/// <summary>How a test's schedules are searched.</summary>
public sealed class ExploreOptions
{
    public SimOptions Machine { get; init; } = new() { Cpus = 2 };
    public Strategy Strategy { get; init; } = Strategy.Mixed;

    /// <summary>At most so many schedules, times the environment's JIFFY_SIM_EFFORT (a whole number; the budget grows with it).</summary>
    public int Schedules { get; init; } = 1000;

    /// <summary>Seeds count up from here, and from the environment's JIFFY_SIM_SEED if it gives one.</summary>
    public ulong FirstSeed { get; init; } = 1;

    /// <summary>Exhaustive search: how often a CPU that could go on is made to wait, an interrupt is held back or time leaps, all together.</summary>
    public int PreemptionBound { get; init; } = 2;

    /// <summary>Stop after this much real time; the schedules so far count.</summary>
    public TimeSpan Budget { get; init; } = TimeSpan.FromSeconds(30);

    internal static int Effort { get; } = (int)Number("JIFFY_SIM_EFFORT", 1);

    /// <summary>Every search goes on for so long, however many schedules that makes: the environment's JIFFY_SIM_SECONDS.</summary>
    internal static TimeSpan LeastTime { get; } = TimeSpan.FromSeconds(Number("JIFFY_SIM_SECONDS", 0));

    internal static ulong SeedOffset { get; } = (ulong)Number("JIFFY_SIM_SEED", 0);

    private static long Number(string variable, long otherwise) =>
        long.TryParse(Environment.GetEnvironmentVariable(variable), out var number) && number > 0 ? number : otherwise;

    /// <summary>Only this schedule, as a failure's report names it: "walk:7", "pct:7/40", "choices:0102". Also the environment's JIFFY_SIM_REPLAY.</summary>
    public string? Replay { get; init; } = Environment.GetEnvironmentVariable("JIFFY_SIM_REPLAY");
}

/// <summary>What a search found.</summary>
public sealed class ExploreResult
{
    public required long Schedules { get; init; }

    /// <summary>How many of them differed in their steps.</summary>
    public required long Distinct { get; init; }

    public required TimeSpan Elapsed { get; init; }

    /// <summary>Exhaustive search only: nothing is left within the bound.</summary>
    public required bool IsComplete { get; init; }

    /// <summary>The first failure, replayed with source lines; null when none was found.</summary>
    public SimFailureException? Failure { get; init; }

    /// <summary>The failing schedule's name for <see cref="ExploreOptions.Replay"/>.</summary>
    public string? FailedSchedule { get; init; }

    public double PerSecond => Schedules / Math.Max(Elapsed.TotalSeconds, 1e-9);

    public override string ToString() =>
        $"{Schedules} schedules, {Distinct} distinct{(IsComplete ? ", complete" : "")}, {PerSecond:F0} per second"
        + (Failure is null ? "" : $"; {FailedSchedule} fails: {Failure.Reason}");
}
