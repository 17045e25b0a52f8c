// Priority inversion with and without inheritance.
using System.Collections.Generic;
using System.Linq;

namespace Jiffy.Cli.Lab;

internal sealed class InversionExperiment : Lab
{
    private static readonly string[] Kinds = ["plain mutex", "inheriting mutex"];

    public override string Name => "inversion";

    public override string Title => "Priority inversion with and without inheritance";

    public override string Document => Documents.KernelLevel;

    public override string Claim =>
        "The scheduler gives the CPU to the task with the highest priority. (A lock can turn that round: a task that waits for a lower one's lock "
        + "waits also for all that are better than that one. The document leaves that out; Linux's answer is that the owner of a lock runs with the "
        + "priority of its best waiter.)";

    public override string Method =>
        "One CPU, instructions counted (1 ns each), three real-time threads. The low one takes a lock and holds it for 50 us of work; meanwhile "
        + "the high one asks for it, and the middle one begins to compute. Measured from the high thread's request to the lock in its hands.";

    public override LabResult Run(LabRequest request)
    {
        int[] loads = request.IsQuick ? [100, 2000] : [10, 50, 100, 200, 500, 1000, 2000, 5000];
        var count = request.IsQuick ? 10 : 40;
        var settings = loads.SelectMany(load => Enumerable.Range(0, Kinds.Length).Select(kind => $"inherit={kind} load={load} hold=50 count={count}"));
        var rows = Measurement.Run(request, cpus: 1, Name, settings);
        var table = new LabTable("microseconds from request to lock",
            ["middle computes", "lock", "median", "worst"],
            rows.Select(row => (IReadOnlyList<string>)
            [
                Measurement.Micro(row.Number("load")), Kinds[(int)row.Number("inherit")], Percentile(row, 50), Percentile(row, 100),
            ]).ToArray());
        var plot = new Plot("", "The high task's wait for the low one's lock, at worst", new PlotAxis("the middle task computes, us", IsLogarithmic: true),
            new PlotAxis("wait, us", IsLogarithmic: true),
            Kinds.Select((name, kind) => new Series(name, rows.Where(row => (int)row.Number("inherit") == kind)
                .Select(row => new PlotPoint(row.Number("load") / 1000, Worst(row) / 1000)).ToArray())).ToArray());
        return new LabResult([table], [plot], Judge(rows));
    }

    private static string Percentile(Row row, double percent) => Measurement.Micro(Measurement.Percentile(row.Samples("wait"), percent));

    private static double Worst(Row row) => Measurement.Percentile(row.Samples("wait"), 100);

    private static Finding[] Judge(IReadOnlyList<Row> rows)
    {
        var longest = rows.Max(row => row.Number("load"));
        var shortest = rows.Min(row => row.Number("load"));
        double At(int kind, double load) => Worst(rows.First(row => (int)row.Number("inherit") == kind && row.Number("load") == load));
        return
        [
            new("without inheritance the high task waits for all that the middle one computes", At(0, longest) >= longest),
            new("with inheritance its wait does not depend on the middle one", At(1, longest) < 1.5 * At(1, shortest)),
            new("and is about as long as the low one needs the lock", At(1, longest) < 2 * rows[0].Number("hold")),
        ];
    }
}
