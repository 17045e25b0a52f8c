// The deadlock of a work item that waits for another behind it, which only the historical work queues have.
using System.Collections.Generic;
using System.Linq;

namespace Jiffy.Cli.Lab;

internal sealed class DeadlockExperiment : Lab
{
    private const int Ended = 0, Refused = 1, GaveUp = 2;

    private static readonly string[] Kinds = ["historical", "managed"];

    private static readonly string[] Scenarios =
        ["waits for a later item of its queue", "flushes a later item of its queue", "flushes its own queue", "two flush items behind each other"];

    private static readonly string[] Outcomes = ["ends", "would never end: found, EDEADLK", "does not end: given up after 200 ms"];

    public override string Name => "deadlock";

    public override string Title => "The deadlock of work items that wait for each other";

    public override string Document => Documents.KernelLevel;

    public override string Claim =>
        "The historical work queues were subject to deadlocks if resources were not handled very carefully: a thread runs the items of a queue "
        + "one after the other, so an item that waits for what a later one does waits for ever.";

    public override string Method =>
        "An item waits for a later item of the same queue, flushes it, flushes its own queue, or two items of two queues flush the items behind "
        + "each other. The kernel finds circles of flushes when the last wait is about to close one, tells of them in the log and refuses that "
        + "flush; other waiting is given up after 200 ms. So the machine goes on.";

    public override LabResult Run(LabRequest request)
    {
        var settings = Enumerable.Range(0, Scenarios.Length).SelectMany(scenario => Enumerable.Range(0, Kinds.Length)
            .Select(kind => $"managed={kind} scenario={scenario}"));
        var rows = Measurement.Run(request, request.Cpus ?? 2, Name, settings);
        var table = new LabTable("what happens", ["an item", "kind", "outcome", "deadlocks told in the log", "us until all is run"],
            rows.Select(row => (IReadOnlyList<string>)
            [
                Scenarios[(int)row.Number("scenario")], Kinds[(int)row.Number("managed")], Outcomes[(int)row.Number("outcome")],
                row.Number("found").ToString("0", System.Globalization.CultureInfo.InvariantCulture), Measurement.Micro(row.Number("elapsed")),
            ]).ToArray());
        var plot = new Plot("", "Time until all items have run (1: waits, 2: flushes, 3: own queue, 4: circle)", new PlotAxis("scenario"), new PlotAxis("us", IsLogarithmic: true),
            Kinds.Select((name, kind) => new Series(name, rows.Where(row => (int)row.Number("managed") == kind)
                .Select(row => new PlotPoint(row.Number("scenario") + 1, row.Number("elapsed") / 1000)).ToArray(), SeriesKind.Points)).ToArray());
        return new LabResult([table], [plot], Judge(rows));
    }

    private static Finding[] Judge(IReadOnlyList<Row> rows)
    {
        double Outcome(int kind, int scenario) => rows.First(row => row.Number("managed") == kind && row.Number("scenario") == scenario).Number("outcome");
        return
        [
            new("historical: an item that waits for a later one of its queue waits in vain; managed: the later one gets another worker",
                Outcome(0, 0) == GaveUp && Outcome(1, 0) == Ended),
            new("the same for a flush of the later item: a deadlock only there, found and told", Outcome(0, 1) == Refused && Outcome(1, 1) == Ended),
            new("the same for a circle of two queues", Outcome(0, 3) == Refused && Outcome(1, 3) == Ended),
            new("who flushes the queue it runs on waits for itself, on either kind: refused", Outcome(0, 2) == Refused && Outcome(1, 2) == Refused),
        ];
    }
}
