// Lost wake-ups, found on the simulated machine and shown step by step.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using Jiffy.Cli.Host;

namespace Jiffy.Cli.Lab;

internal sealed class LostWakeUpExperiment : Lab
{
    private const string Project = "tests/Sim/Sim.csproj", Stories = "JIFFY_SIM_STORIES";
    private const string Tests = "Jiffy.Tests.Sim.Wait.BrokenWaitTests.Each_mistake_can_be_told";

    // By the names that the tests give them: those of the documents first.
    private static readonly (string Mistake, string Title)[] Mistakes =
    [
        ("SleepOn", "while (!ready) sleep_on(queue)"),
        ("TestedBeforeQueueing", "the condition is tested before the sleeper is queued"),
        ("StateSetAfterTest", "the state is set after the test"),
        ("WakerLooksFirst", "the waker looks at the queue before its condition can be seen"),
        ("WokenBeforeTrue", "the waker wakes before it makes the condition true"),
    ];

    public override string Name => "lost-wake-up";

    public override string Title => "The lost wake-up: of sleep_on, and of every other order of test, queue and state";

    public override string Document => $"{Documents.Advanced}; {Documents.TaskSwitch}";

    public override string Claim =>
        "The older document shows sleep_on, which queues the task, gives the CPU away and takes the task off again, and knows of no condition. The other one tells what is done in its place: "
        + "the task is on the queue, and says that it sleeps, before it tests the condition, so that no wake-up can fall between.";

    public override string Method => "The simulated machine tries all interleavings of a sleeper and its waker on two CPUs, those with the fewest disturbances first, for the code as it was once and for "
        + "four other mistakes; the first interleaving under which the sleeper sleeps for ever is told, and written as a page to step through. No wake-up is lost in the same search of today's wait_event (a test: The_right_way_loses_nothing).";

    public override LabResult Run(LabRequest request)
    {
        using var scratch = new ScratchDirectory();
        var build = DotNet.Build(Project, ["-c", "Release"]);
        if (!build.Succeeded)
            throw new CliFailure(build.Output);
        var program = Repository.In("artifacts", "bin", "Sim", "release", "Jiffy.Tests.Sim");
        var run = HostCommand.Run(program, ["-noLogo", "-noColor", "-method", Tests], Repository.Root, TimeSpan.FromMinutes(5),
            new Dictionary<string, string> { [Stories] = scratch.Path, ["DOTNET_TC_CallCounting"] = "0" }); // nothing inlined: each step has its own place
        var source = Interleaving.SourceLines(Repository.In("src", "Kernel"), Repository.In("tests", "Sim", "Wait"));
        var items = Mistakes.Select(mistake => (mistake.Title, File: scratch.File($"{mistake.Mistake}.txt"))).Where(mistake => File.Exists(mistake.File))
            .Select(mistake => Interleaving.Parse(mistake.Title, File.ReadAllText(mistake.File), ["sleeper", "opener"], source)).ToArray();
        return new LabResult(items.Select(Table).ToArray(), [], Judge(items, run.Succeeded), [new LabPage("lost-wake-up.html", InterleavingPage.Write(Title, items))]);
    }

    private static LabTable Table(Interleaving item) => new($"{item.Name} ({item.Schedule})", ["ns", "sleeper, on CPU 0", "opener, on CPU 1"],
        item.Steps.Select(step => (IReadOnlyList<string>)[step.Time.ToString(CultureInfo.InvariantCulture), step.Cpu == 0 ? Words(step) : "", step.Cpu == 1 ? Words(step) : ""]).ToArray());

    private static string Words(InterleavingStep step) => step.Note.Length > 0 ? step.Note : $"{step.Kind} in {step.Place}";

    private static Finding[] Judge(Interleaving[] items, bool isFound) =>
    [
        new("each of the mistakes is found, and the same again when its schedule is replayed", isFound && items.Length == Mistakes.Length),
        .. items.Select(item => new Finding($"{item.Name}: the wake-up is lost, and the sleeper sleeps for ever",
            item.Reason.Contains("never ended", StringComparison.Ordinal) && item.Steps.Any(step => step.Cpu == 0) && item.Steps.Any(step => step.Cpu == 1))),
    ];
}
