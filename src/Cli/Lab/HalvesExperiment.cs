// Top half only against split halves, under interrupt load.
using System.Collections.Generic;
using System.Linq;

namespace Jiffy.Cli.Lab;

internal sealed class HalvesExperiment : Lab
{
    private static readonly string[] Modes = ["top half", "softirq", "tasklet", "work queue"];

    public override string Name => "halves";

    public override string Title => "Top half only against split halves under interrupt load";

    public override string Document => Documents.Advanced;

    public override string Claim =>
        "An interrupt's work is divided: the top half does the least that must be done at once, and queues the rest for later. Events are then "
        + "served in time, and what the interrupt hit, such as the release of a spin lock, is not delayed by all of the work.";

    public override string Method =>
        "One CPU, instructions counted (1 ns each). A timer stands for a device that interrupts every millisecond and has some work to do each "
        + "time, in its handler or handed over. Another timer stands for the other interrupts: how late is it served? A thread holds a "
        + "spin lock for 40 us again and again: how much longer, at worst, when interrupts come?";

    public override LabResult Run(LabRequest request)
    {
        int[] works = request.IsQuick ? [50, 300] : [0, 25, 50, 100, 200, 300, 400];
        var count = request.IsQuick ? 100 : 400;
        var settings = works.SelectMany(work => Enumerable.Range(0, Modes.Length).Select(mode => $"mode={mode} work={work} count={count}"));
        var rows = Measurement.Run(request, cpus: 1, Name, settings);
        var table = new LabTable("microseconds, at worst",
            ["work per interrupt", "done in", "other interrupts late (median)", "other interrupts late", "lock held longer", "the same, softirqs off"],
            rows.Select(row => (IReadOnlyList<string>)
            [
                Measurement.Micro(row.Number("work")), Modes[(int)row.Number("mode")],
                Measurement.Micro(Measurement.Percentile(row.Samples("late"), 50)),
                Measurement.Micro(Worst(row, "late")), Measurement.Micro(Worst(row, "plain")), Measurement.Micro(Worst(row, "bh")),
            ]).ToArray());
        return new LabResult([table],
            [
                Picture("interrupts", "How late other interrupts are served, at worst", rows, "late"),
                Picture("lock", "How much longer a spin lock is held, at worst", rows, "plain"),
                Picture("lock-bh", "The same when its holder keeps softirqs off", rows, "bh"),
            ],
            Judge(rows));
    }

    private static double Worst(Row row, string what) => Measurement.Percentile(row.Samples(what), 100);

    private static Plot Picture(string name, string title, IReadOnlyList<Row> rows, string what) => new(name, title,
        new PlotAxis("work per interrupt, us"), new PlotAxis("us", IsLogarithmic: true),
        Enumerable.Range(0, Modes.Length).Select(mode => new Series(Modes[mode], Of(rows, mode)
            .Select(row => new PlotPoint(row.Number("work") / 1000, Worst(row, what) / 1000)).ToArray())).ToArray());

    private static IEnumerable<Row> Of(IReadOnlyList<Row> rows, int mode) => rows.Where(row => (int)row.Number("mode") == mode);

    private static Finding[] Judge(IReadOnlyList<Row> rows)
    {
        var top = Of(rows, 0).Last();
        var work = top.Number("work");
        var split = rows.Where(row => row.Number("mode") > 0 && row.Number("work") == work).ToArray();
        return
        [
            new("with all the work in the top half other interrupts wait for most of it", Worst(top, "late") > work / 2),
            new("with split halves they wait for less than a tenth of that", split.All(row => Worst(row, "late") < Worst(top, "late") / 10)),
            new("a lock's holder is delayed by all of the top half's work", Worst(top, "plain") > work && Worst(top, "bh") > work),
            new("split halves do not delay a holder that keeps softirqs off", split.All(row => Worst(row, "bh") < work / 5)),
            new("a work queue's thread delays no holder of a spin lock", split.Where(row => (int)row.Number("mode") == 3).All(row => Worst(row, "plain") < work / 5)),
            new("softirqs and tasklets do delay a holder that does not: they run at the interrupt's end",
                split.Where(row => (int)row.Number("mode") is 1 or 2).All(row => Worst(row, "plain") > work)),
        ];
    }
}
