// The kernel on the simulated machine: test classes side by side, one process a core (kernel statics make it one machine a process), and
// at the end how many schedules were explored, and how fast. A whole run that explores fewer than it promises has failed.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;

namespace Jiffy.Cli.Testing;

internal sealed class SimSuite() : XunitSuite("sim", "the kernel on the simulated machine", "tests/Sim/Sim.csproj")
{
    private const string Effort = "JIFFY_SIM_EFFORT", Report = "JIFFY_SIM_REPORT", Core = "JIFFY_SIM_CORE", Seconds = "JIFFY_SIM_SECONDS", Seed = "JIFFY_SIM_SEED", Replay = "JIFFY_SIM_REPLAY";
    private const long Promised = 200_000, PromisedLong = 10_000_000;
    private const int LongSeconds = 5;
    private const ulong SeedsPerPass = 1UL << 32;

    private readonly string _directory = Path.Combine(Path.GetTempPath(), $"jiffy-sim-{Environment.ProcessId}");
    private long _promise;

    public override void Run(TestRequest request, Action<TestResult> report)
    {
        _promise = request.IncludesLong ? PromisedLong : Promised;
        Directory.CreateDirectory(_directory);
        try
        {
            base.Run(request, report);
        }
        finally
        {
            Directory.Delete(_directory, recursive: true);
        }
    }

    protected override TimeSpan Limit(TestRequest request) => request.IncludesLong ? TimeSpan.FromHours(3) : base.Limit(request);

    protected override IReadOnlyList<string[]> Share(string[] methods)
    {
        var processes = Math.Min(Environment.ProcessorCount, 16);
        if (methods.Length < 4 || processes == 1)
            return [methods];
        // Neighbours in the list are of one class and cost about the same: deal them out in turn.
        return [.. methods.Select((method, index) => (method, index)).GroupBy(pair => pair.index % processes, pair => pair.method).Select(group => group.ToArray())];
    }

    protected override IReadOnlyDictionary<string, string> Settings(TestRequest request, int process, int pass)
    {
        var settings = new Dictionary<string, string>
        {
            [Report] = Path.Combine(_directory, process.ToString(CultureInfo.InvariantCulture)),
            [Core] = process.ToString(CultureInfo.InvariantCulture),
        };
        if (request.IncludesLong && !IsOwnEffort)
        {
            settings[Seconds] = SecondsOf(pass).ToString(CultureInfo.InvariantCulture);
            settings[Seed] = (SeedsPerPass * (ulong)pass).ToString(CultureInfo.InvariantCulture);
        }

        return settings;
    }

    // A first pass keeps the promise on a machine of today; a slower one adds passes as long as what is missing needs.
    private int SecondsOf(int pass)
    {
        if (pass == 0)
            return LongSeconds;
        var explored = Explored().Schedules;
        return (int)Math.Clamp(LongSeconds * (_promise - explored) / Math.Max(1, explored / pass) + 1, 1, LongSeconds);
    }

    // Only the long run repeats itself, with other seeds, until it has kept its promise.
    protected override bool MustGoOn(TestRequest request, bool isWhole) => request.IncludesLong && isWhole && !IsOwnEffort && Explored().Schedules < _promise;

    protected override void End(bool isWhole, Action<TestResult> report)
    {
        var (schedules, searches, time) = Explored();
        var told = string.Create(CultureInfo.InvariantCulture,
            $"{schedules:N0} schedules in {searches} searches, {schedules / Math.Max(time.TotalSeconds, 1e-9):N0} per second and core");
        Remark = told;
        if (isWhole && !IsOwnEffort)
            report(new TestResult("sim/schedules", schedules >= _promise, time, $"{told}; promised: {_promise:N0}"));
    }

    /// <summary>The user has said how much to explore.</summary>
    private static bool IsOwnEffort =>
        new[] { Effort, Seconds, Replay }.Any(variable => Environment.GetEnvironmentVariable(variable) is not null);

    private (long Schedules, int Searches, TimeSpan Time) Explored()
    {
        var searches = Directory.GetFiles(_directory).SelectMany(File.ReadLines).Select(line => line.Split('\t')).ToArray();
        var schedules = searches.Sum(search => long.Parse(search[0], CultureInfo.InvariantCulture));
        return (schedules, searches.Length, TimeSpan.FromMicroseconds(searches.Sum(search => double.Parse(search[1], CultureInfo.InvariantCulture))));
    }
}
