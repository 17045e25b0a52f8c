// Where softirqs, tasklets and bottom halves run, and how many CPUs are at them together.
using System.Collections.Generic;
using System.Globalization;
using System.Linq;

namespace Jiffy.Cli.Lab;

internal sealed class AffinityExperiment : Lab
{
    private const int UsualCpus = 4;

    private static readonly int[] s_cpus = [1, 2, 4, 8];

    private static readonly string[] Modes = ["softirq", "one tasklet", "a tasklet per CPU", "bottom half"];

    public override string Name => "affinity";

    public override string Title => "Softirq and tasklet affinity: where deferred work runs, and how many CPUs are at it together";

    public override string Document => Documents.KernelLevel;

    public override string Claim =>
        "Softirqs run on several CPUs at once and can be bound to CPUs by masks, one CPU or a group, which distributes the load. A tasklet "
        + "scheduled on a CPU is not moved while it is pending, and scheduled again before it runs it runs once. The task queues and bottom "
        + "halves before them were run by a single thread of control and scaled badly.";

    public override string Method =>
        "On each CPU a thread asks again and again for the same piece of work, then computes for as long itself. Counted: where the work ran, "
        + "how often it ran where another CPU had asked, and how many CPUs were at it together, at most and on average.";

    public override LabResult Run(LabRequest request)
    {
        var most = request.Cpus ?? UsualCpus;
        var count = request.IsQuick ? 30 : 100;
        var upper = (1 << most) - (1 << most / 2); // the upper half of the CPUs
        var plain = Enumerable.Range(0, Modes.Length).Select(mode => $"mode={mode} count={count}").ToArray();
        string[] masked = [$"mode=0 count={count} mask=1", $"mode=2 count={count} mask=1", $"mode=0 count={count} mask={upper}"];
        var rows = Measurement.Run(request, most, Name, [.. plain, .. masked]);
        var counts = request.IsQuick ? [most] : s_cpus.Where(cpus => cpus < most).Append(most).ToArray();
        var byCpus = counts.ToDictionary(cpus => cpus, cpus => cpus == most ? rows : Measurement.Run(request, cpus, Name, plain));
        return new LabResult([Where(rows)], [Together(byCpus)], Judge(rows, most, upper));
    }

    private static LabTable Where(IReadOnlyList<Row> rows) => new("where it ran", ["work", "tied to CPUs", "asked for", "ran", "on CPU 0, 1, ...", "for another CPU", "at once, most", "at once, mean"],
        rows.Select(row => (IReadOnlyList<string>)
        [
            Modes[(int)row.Number("mode")], Mask(row), Text(row.Number("asked")), Text(row.Number("runs")),
            string.Join(' ', row.Values["ran"]), Text(row.Values["away"].Sum()), Text(row.Number("most")),
            Mean(row).ToString("0.00", CultureInfo.InvariantCulture),
        ]).ToArray());

    private static string Mask(Row row)
    {
        var mask = (long)row.Number("mask");
        return mask == 0 ? "all" : string.Join(',', Enumerable.Range(0, 64).Where(cpu => (mask >> cpu & 1) != 0));
    }

    private static string Text(double number) => number.ToString("0", CultureInfo.InvariantCulture);

    private static double Mean(Row row) => row.Number("together") / row.Number("runs");

    private static Plot Together(IReadOnlyDictionary<int, IReadOnlyList<Row>> byCpus) => new("", "CPUs at the same work together, at most",
        new PlotAxis("CPUs that ask for it"), new PlotAxis("CPUs at it at once"),
        Modes.Select((name, mode) => new Series(name, byCpus.OrderBy(pair => pair.Key)
            .Select(pair => new PlotPoint(pair.Key, pair.Value[mode].Number("most"))).ToArray())).ToArray());

    private static Finding[] Judge(IReadOnlyList<Row> rows, int cpus, int upper)
    {
        var (softirq, one, own, half) = (rows[0], rows[1], rows[2], rows[3]);
        var (softirqOn0, taskletsOn0, softirqUpper) = (rows[4], rows[5], rows[6]);
        bool Inside(Row row, long mask) => row.Values["ran"].Select((runs, cpu) => runs == 0 || (mask >> cpu & 1) != 0).All(holds => holds);
        return
        [
            new("a softirq runs on the CPU that raised it, each time it was raised",
                softirq.Values["away"].Sum() == 0 && softirq.Values["ran"].All(runs => runs == softirq.Number("asked") / cpus)),
            new("on several CPUs at once", cpus == 1 || softirq.Number("most") > 1),
            new("a tasklet runs on one CPU at a time, and once for several schedules", one.Number("most") == 1 && one.Number("runs") <= one.Number("asked")),
            new("tasklets of their own run where they were scheduled, on several CPUs at once",
                own.Values["away"].Sum() == 0 && (cpus == 1 || own.Number("most") > 1)),
            new("bottom halves run one at a time on the whole machine", half.Number("most") == 1),
            new("tied to one CPU, softirqs and tasklets run there only, whoever asked", Inside(softirqOn0, 1) && Inside(taskletsOn0, 1)),
            new("tied to a group of CPUs, they run in the group only", Inside(softirqUpper, upper)),
        ];
    }
}
