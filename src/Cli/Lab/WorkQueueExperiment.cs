// Threads and context switches of the historical work queues against the managed ones.
using System.Collections.Generic;
using System.Globalization;
using System.Linq;

namespace Jiffy.Cli.Lab;

internal sealed class WorkQueueExperiment : Lab
{
    private const int UsualCpus = 4;

    private static readonly string[] Kinds = ["historical", "managed"];

    public override string Name => "workqueues";

    public override string Title => "Threads and context switches of the historical and the managed work queues as queues grow";

    public override string Document => Documents.Advanced;

    public override string Claim =>
        "Of the historical work queues each brings a thread for every CPU: on a large system they could use up the process ids before user "
        + "space runs at all; and their threads contend for the CPU, which costs context switches nobody needs. The managed ones share one pool "
        + "of workers per CPU between all queues and regulate its size by themselves.";

    public override string Method =>
        "So many queues of one kind are made; then, again and again, each gets one short item (20 us) on every CPU, all at once. "
        + "Counted: threads that came with the queues, and context switches of the whole machine per item.";

    public override LabResult Run(LabRequest request)
    {
        var cpus = request.Cpus ?? UsualCpus;
        int[] counts = request.IsQuick ? [2, 16] : [1, 2, 4, 8, 16, 32, 64];
        var rounds = request.IsQuick ? 5 : 20;
        var settings = counts.SelectMany(queues => Enumerable.Range(0, Kinds.Length).Select(kind => $"managed={kind} queues={queues} rounds={rounds}"));
        var rows = Measurement.Run(request, cpus, Name, settings);
        var table = new LabTable($"on {cpus} CPUs", ["queues", "kind", "threads added", "items run", "context switches", "per item"],
            rows.Select(row => (IReadOnlyList<string>)
            [
                Text(row, "queues"), Kinds[(int)row.Number("managed")], Text(row, "threads"), Text(row, "runs"), Text(row, "switches"),
                PerItem(row).ToString("0.00", CultureInfo.InvariantCulture),
            ]).ToArray());
        return new LabResult([table], [Threads(rows), Switches(rows)], Judge(rows, cpus));
    }

    private static string Text(Row row, string name) => row.Number(name).ToString("0", CultureInfo.InvariantCulture);

    private static double PerItem(Row row) => row.Number("switches") / row.Number("runs");

    private static Series[] ByKind(IReadOnlyList<Row> rows, System.Func<Row, double> value) =>
        Kinds.Select((name, kind) => new Series(name, rows.Where(row => (int)row.Number("managed") == kind)
            .Select(row => new PlotPoint(row.Number("queues"), value(row))).ToArray())).ToArray();

    private static Plot Threads(IReadOnlyList<Row> rows) => new("threads", "Threads that come with work queues",
        new PlotAxis("queues"), new PlotAxis("threads"), ByKind(rows, row => row.Number("threads")));

    private static Plot Switches(IReadOnlyList<Row> rows) => new("switches", "Context switches for each item",
        new PlotAxis("queues"), new PlotAxis("switches per item"), ByKind(rows, PerItem));

    private static Finding[] Judge(IReadOnlyList<Row> rows, int cpus)
    {
        Row Last(int kind) => rows.Last(row => (int)row.Number("managed") == kind);
        var (old, managed) = (Last(0), Last(1));
        return
        [
            new("each historical queue brings a thread for every CPU",
                rows.Where(row => row.Number("managed") == 0).All(row => row.Number("threads") == row.Number("queues") * cpus)),
            new("managed queues bring none", rows.Where(row => row.Number("managed") == 1).All(row => row.Number("threads") <= 0)),
            new("both kinds run every item", old.Number("runs") == managed.Number("runs") && old.Number("runs") > 0),
            new("with many queues the historical kind switches more than twice as often for the same items", old.Number("switches") > 2 * managed.Number("switches")),
            new("the managed kind needs fewer switches per item as queues grow",
                PerItem(managed) < PerItem(rows.First(row => row.Number("managed") == 1))),
        ];
    }
}
