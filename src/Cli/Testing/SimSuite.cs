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
    private const string Effort = "JIFFY_SIM_EFFORT", Report = "JIFFY_SIM_REPORT", Core = "JIFFY_SIM_CORE", Replay = "JIFFY_SIM_REPLAY";
    private const long Promised = 200_000, PromisedLong = 10_000_000;
    private const int UsualEffort = 3, LongEffort = 140;

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

    protected override IReadOnlyDictionary<string, string> Settings(TestRequest request, int process)
    {
        var settings = new Dictionary<string, string>
        {
            [Report] = Path.Combine(_directory, process.ToString(CultureInfo.InvariantCulture)),
            [Core] = process.ToString(CultureInfo.InvariantCulture),
        };
        if (Environment.GetEnvironmentVariable(Effort) is null)
            settings[Effort] = (request.IncludesLong ? LongEffort : UsualEffort).ToString(CultureInfo.InvariantCulture);
        return settings;
    }

    protected override void End(bool isWhole, Action<TestResult> report)
    {
        var searches = Directory.GetFiles(_directory).SelectMany(File.ReadLines).Select(line => line.Split('\t')).ToArray();
        var schedules = searches.Sum(search => long.Parse(search[0], CultureInfo.InvariantCulture));
        var time = TimeSpan.FromMicroseconds(searches.Sum(search => double.Parse(search[1], CultureInfo.InvariantCulture)));
        var told = string.Create(CultureInfo.InvariantCulture, $"{schedules:N0} schedules in {searches.Length} searches, {schedules / Math.Max(time.TotalSeconds, 1e-9):N0} per second and core");
        Remark = told;
        var isOwnEffort = Environment.GetEnvironmentVariable(Effort) is not null || Environment.GetEnvironmentVariable(Replay) is not null;
        if (isWhole && !isOwnEffort)
            report(new TestResult("sim/schedules", schedules >= _promise, time, $"{told}; promised: {_promise:N0}"));
    }
}
