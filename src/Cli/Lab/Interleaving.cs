// An interleaving that the explorer found, read from its report: the steps of the tasks that matter, each with the line of the source it is at.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;

namespace Jiffy.Cli.Lab;

/// <param name="Task">Who does it.</param>
/// <param name="Kind">What others can see of it.</param>
/// <param name="Place">Method and line.</param>
/// <param name="Source">That line.</param>
/// <param name="Note">What it means, where it matters most.</param>
internal sealed record InterleavingStep(long Time, int Cpu, string Task, string Kind, string Place, string Source, string Note);

/// <param name="Reason">What went wrong in the end.</param>
internal sealed record Interleaving(string Name, string Schedule, string Reason, IReadOnlyList<InterleavingStep> Steps)
{
    private const string End = "Case.Done ";

    // What the step is about, by the method it is in and its kind.
    private static readonly (string Method, string Kind, string Note)[] Notes =
    [
        ("Case.Looks", "Interleave", "is about to look at the condition"),
        ("Case.Done", "Interleave", "has done its part"),
        ("Gate.Give", "Interleave", "from here on the condition is true"),
        ("SleepOn.Sleep", "Interleave", "in sleep_on, and not on the queue yet"),
        ("Waiting.MayGoOn", "Interleave", "the condition does not hold: it may sleep"),
        ("Task.SetState", "Interleave", "its state says from here on that it sleeps"),
        ("WaitQueue.WakeUp", "Interleave", "is about to look who is on the queue"),
        ("Scheduler.TryToWakeUp", "Interleave", "wakes whom it found, if its state says asleep"),
        ("Scheduler.SwitchTo", "Switch", "gives the CPU away"),
        ("Scheduler.ScheduleOnce", "InterruptsOff", "calls the scheduler"),
        ("Scheduler.ScheduleOnce", "InterruptsOn", "has the CPU again"),
        ("Scheduler.Reschedule", "SendReschedule", "asks the other CPU to choose anew"),
        ("IrqsOff.Enter", "InterruptsOff", "takes a lock"),
        ("IrqsOff.Leave", "InterruptsOn", "has given it back"),
        ("IrqsOff.Leave", "InterruptsOff", "gives the lock inside back"),
    ];

    /// <param name="sourceLine">A line of a file, by the file's bare name; empty: not known.</param>
    public static Interleaving Parse(string name, string report, IReadOnlyCollection<string> tasks, Func<string, int, string> sourceLine)
    {
        var lines = report.Split('\n');
        var steps = new List<InterleavingStep>();
        HashSet<string> begun = [], ended = [];
        foreach (var match in lines.Select(line => StepLine.Match(line.TrimEnd('\r'))).Where(match => match.Success))
        {
            var (task, kind, place) = (match.Groups["task"].Value, match.Groups["kind"].Value, match.Groups["place"].Value);
            var isStart = place.StartsWith("SmallCase", StringComparison.Ordinal);
            if (isStart)
                begun.Add(task);
            if (isStart || !tasks.Contains(task) || !begun.Contains(task) || ended.Contains(task))
                continue;
            if (place.StartsWith(End, StringComparison.Ordinal))
                ended.Add(task);
            steps.Add(new InterleavingStep(long.Parse(match.Groups["time"].Value, CultureInfo.InvariantCulture), int.Parse(match.Groups["cpu"].Value, CultureInfo.InvariantCulture),
                task, kind, place, SourceOf(place, sourceLine), NoteOf(place, kind, sourceLine)));
        }

        var schedule = lines.Select(line => ScheduleLine.Match(line)).FirstOrDefault(match => match.Success)?.Groups[1].Value ?? "";
        return new Interleaving(name, schedule, lines[0].Trim(), steps);
    }

    private static string SourceOf(string place, Func<string, int, string> sourceLine)
    {
        var match = PlaceEnd.Match(place);
        return match.Success ? sourceLine(match.Groups[1].Value, int.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture)).Trim() : "";
    }

    // What the line itself says, or the list above.
    private static string NoteOf(string place, string kind, Func<string, int, string> sourceLine)
    {
        var source = SourceOf(place, sourceLine);
        var comment = source.IndexOf("// ", StringComparison.Ordinal);
        return Notes.FirstOrDefault(note => note.Kind == kind && place.StartsWith($"{note.Method} ", StringComparison.Ordinal)).Note
            ?? (comment >= 0 ? source[(comment + 3)..] : "");
    }

    /// <summary>Lines of the sources below some directories, by bare file name.</summary>
    public static Func<string, int, string> SourceLines(params string[] directories)
    {
        var files = directories.SelectMany(directory => Directory.GetFiles(directory, "*.cs", SearchOption.AllDirectories)).ToLookup(file => Path.GetFileName(file)!);
        return (name, line) => files[name].Select(File.ReadAllLines).Where(text => line > 0 && line <= text.Length).Select(text => text[line - 1]).FirstOrDefault() ?? "";
    }

    private static readonly Regex StepLine = new(@"^\s+(?<time>\d+) ns\s+cpu(?<cpu>\d+) (?<task>[^:]+): (?<kind>interrupt \w+|\w+)(?:  (?<place>\S.*?))??(?:  \(\d+ times\))?$");
    private static readonly Regex ScheduleLine = new(@"^\s+schedule: (\S+?),");
    private static readonly Regex PlaceEnd = new(@"\((\w+(?:\.\w+)*\.cs):(\d+)\)$");
}
