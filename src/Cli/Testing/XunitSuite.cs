// A project of .NET tests: built, then run as the program it is (xunit.v3); its XML report gives the results.
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using System.Xml.Linq;
using Jiffy.Cli.Host;

namespace Jiffy.Cli.Testing;

internal class XunitSuite(string name, string description, string project) : TestSuite
{
    private HostResult? _build;

    public override string Name => name;

    public override string Description => description;

    public override bool Exists => File.Exists(Repository.In(project));

    public override bool ListsAtOnce => false;

    public override IReadOnlyList<string> List(TestRequest request) =>
        MightWant(request) && Build().Succeeded ? Methods().Select(FullName).Where(request.Wants).ToArray() : [];

    public override void Run(TestRequest request, Action<TestResult> report)
    {
        if (!MightWant(request))
            return;
        var watch = Stopwatch.StartNew();
        var build = Build();
        if (!build.Succeeded)
        {
            report(new TestResult($"{name}/build", false, watch.Elapsed, build.Output));
            return;
        }
        var methods = Methods();
        var wanted = methods.Where(method => request.Wants(FullName(method))).ToArray();
        if (wanted.Length == 0)
            return;
        var isWhole = wanted.Length == methods.Length;
        var hasFailed = false;
        void Take(TestResult result, bool isFirst)
        {
            hasFailed |= !result.Passed;
            if (isFirst || !result.Passed)
                report(result);
        }

        var pass = 0;
        do
        {
            var isFirst = pass == 0;
            RunMethods(request, wanted, pass++, result => Take(result, isFirst));
        }
        while (!hasFailed && MustGoOn(request, isWhole));
        End(isWhole, report);
    }

    /// <summary>How long the tests may take in all.</summary>
    protected virtual TimeSpan Limit(TestRequest request) => TimeSpan.FromMinutes(10);

    /// <summary>How the tests are shared out among processes that run side by side.</summary>
    protected virtual IReadOnlyList<string[]> Share(string[] methods) => [methods];

    /// <summary>What process number <paramref name="process"/> finds in its environment, when all are run for the time after <paramref name="pass"/> others.</summary>
    protected virtual IReadOnlyDictionary<string, string> Settings(TestRequest request, int process, int pass) => new Dictionary<string, string>();

    /// <summary>Asked when all have run and passed: are they to be run once more?</summary>
    protected virtual bool MustGoOn(TestRequest request, bool isWhole) => false;

    /// <summary>Called when all have run.</summary>
    /// <param name="isWhole">No test was left out.</param>
    protected virtual void End(bool isWhole, Action<TestResult> report)
    {
    }

    private void RunMethods(TestRequest request, string[] methods, int pass, Action<TestResult> report)
    {
        var parts = Share(methods);
        var gate = new Lock();
        void ReportOne(TestResult result)
        {
            lock (gate)
                report(result);
        }

        if (parts.Count == 1)
            RunPart(parts[0], Limit(request), Settings(request, 0, pass), ReportOne);
        else
            Parallel.For(0, parts.Count, new ParallelOptions { MaxDegreeOfParallelism = parts.Count },
                part => RunPart(parts[part], Limit(request), Settings(request, part, pass), ReportOne));
    }

    private void RunPart(string[] methods, TimeSpan limit, IReadOnlyDictionary<string, string> settings, Action<TestResult> report)
    {
        using var scratch = new ScratchDirectory();
        var file = scratch.File("report.xml");
        var watch = Stopwatch.StartNew();
        List<string> arguments = ["-noLogo", "-noColor", "-xml", file];
        foreach (var method in methods)
            arguments.AddRange(["-method", method]);
        var run = HostCommand.Run(Executable, arguments, Repository.Root, limit, settings);
        var results = File.Exists(file) ? Parse(XDocument.Load(file)).ToArray() : [];
        foreach (var result in results)
            report(result);
        // The program may fail beside its tests: it crashed, hung, or a fixture's clean-up threw.
        if (!run.Succeeded && results.All(result => result.Passed))
            report(new TestResult($"{name}/run", false, watch.Elapsed, run.TimedOut ? $"no end after {limit}\n{run.Output}" : run.Output));
    }

    private IEnumerable<TestResult> Parse(XDocument document)
    {
        foreach (var test in document.Descendants("test"))
        {
            var result = (string?)test.Attribute("result");
            if (result == "NotRun")
                continue;
            var seconds = double.Parse((string?)test.Attribute("time") ?? "0", CultureInfo.InvariantCulture);
            var failure = test.Element("failure");
            var transcript = failure is null
                ? ""
                : $"{(string?)failure.Element("message")}\n{(string?)failure.Element("stack-trace")}\n{(string?)test.Element("output")}".Trim();
            yield return new TestResult(
                FullName((string?)test.Attribute("name") ?? "?"), result is "Pass" or "Skip", TimeSpan.FromSeconds(seconds), transcript);
        }
    }

    private string Executable
    {
        get
        {
            var assembly = XDocument.Load(Repository.In(project)).Descendants("AssemblyName").Select(element => element.Value).FirstOrDefault()
                ?? Path.GetFileNameWithoutExtension(project);
            return Repository.In("artifacts", "bin", Path.GetFileNameWithoutExtension(project), "release", assembly);
        }
    }

    // A single test may be in any of these projects, unless it says that it belongs to another part.
    private bool MightWant(TestRequest request) => Exists && request.MightWantOf(name) && (request.Wants(name) || request.Patterns.Any(pattern => !pattern.Contains('@')));

    private HostResult Build() => _build ??= DotNet.Build(project, ["-c", "Release"]);

    private string[] Methods() =>
        HostCommand.Run(Executable, ["-noLogo", "-noColor", "-list", "methods"], Repository.Root, TimeSpan.FromMinutes(2)).Output
            .Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Where(line => !line.Contains(' '))
            .ToArray();

    private string FullName(string test) => $"{name}/{test}";
}
