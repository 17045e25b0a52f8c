// The thundering herd: plain sleepers against exclusive ones.
using System.Collections.Generic;
using System.Globalization;
using System.Linq;

namespace Jiffy.Cli.Lab;

internal sealed class HerdExperiment : Lab
{
    private static readonly string[] Modes = ["plain", "exclusive"];

    public override string Name => "herd";

    public override string Title => "The thundering herd: plain sleepers against exclusive ones";

    public override string Document => $"{Documents.Advanced}; {Documents.TaskSwitch}";

    public override string Claim =>
        "When many wait for one thing and all of them are woken, one gets it and the rest have run for nothing: a study of web and file servers from 1999 showed what "
        + "that costs. A sleeper can say that it waits exclusively: it stands at the end of the queue, behind all plain ones, and a wake-up wakes one such at most.";

    public override string Method =>
        "Threads on every CPU wait on one queue for a token. Round by round one token is given, and the queue woken once. Counted: how many are woken, and the switches of "
        + "tasks until all sleep again (among them a few of the thread that looks, each millisecond, whether they do); measured: how long it takes until one has the token.";

    public override LabResult Run(LabRequest request)
    {
        var cpus = request.Cpus ?? 4;
        int[] counts = request.IsQuick ? [1, 16, 128] : [1, 4, 16, 64, 256, 1024];
        var rounds = request.IsQuick ? 5 : 20;
        var settings = counts.SelectMany(count => Enumerable.Range(0, Modes.Length).Select(exclusive => $"exclusive={exclusive} waiters={count} rounds={rounds}"));
        var rows = Measurement.Run(request, cpus, Name, settings);
        return new LabResult([Table(rows)],
        [
            Picture("switches", "Switches of tasks for one token", "switches", rows, PerToken("switches")),
            Picture("first", "Until one has the token", "microseconds", rows, row => Measurement.Percentile(row.Samples("first"), 50) / 1000),
        ], Judge(rows, rounds));
    }

    private static System.Func<Row, double> PerToken(string what) => row => row.Number(what) / row.Number("rounds");

    private static LabTable Table(IReadOnlyList<Row> rows) => new("for one token",
        ["waiters", "they wait", "woken", "switches", "until one has it, us", "at worst", "until all sleep again, us"],
        rows.Select(row => (IReadOnlyList<string>)
        [
            Text(row.Number("waiters")), Modes[(int)row.Number("exclusive")], Text(PerToken("woken")(row)), Text(PerToken("switches")(row)),
            Measurement.Micro(Measurement.Percentile(row.Samples("first"), 50)), Measurement.Micro(Measurement.Percentile(row.Samples("first"), 100)),
            Measurement.Micro(Measurement.Percentile(row.Samples("quiet"), 50)),
        ]).ToArray());

    private static string Text(double number) => number.ToString("0.#", CultureInfo.InvariantCulture);

    private static Plot Picture(string name, string title, string unit, IReadOnlyList<Row> rows, System.Func<Row, double> value) => new(name, title,
        new PlotAxis("threads that wait", IsLogarithmic: true), new PlotAxis(unit, IsLogarithmic: true),
        Modes.Select((mode, exclusive) => new Series(mode, rows.Where(row => (int)row.Number("exclusive") == exclusive)
            .Select(row => new PlotPoint(row.Number("waiters"), value(row))).ToArray())).ToArray());

    private static Finding[] Judge(IReadOnlyList<Row> rows, int rounds)
    {
        var plain = rows.Where(row => row.Number("exclusive") == 0).ToArray();
        var exclusive = rows.Where(row => row.Number("exclusive") == 1).ToArray();
        var most = plain[^1].Number("waiters");
        return
        [
            new("of plain sleepers every token wakes all", plain.All(row => row.Number("woken") == row.Number("waiters") * rounds)),
            new("of exclusive ones one", exclusive.All(row => row.Number("woken") == rounds)),
            new("plain: a switch and more for each that is woken", PerToken("switches")(plain[^1]) >= most),
            new("exclusive: the switches do not grow with the number of those who wait", PerToken("switches")(exclusive[^1]) < 4 * PerToken("switches")(exclusive[0]) + 8),
            new("plain: until one proceeds it takes the longer, the more are woken before it",
                Measurement.Percentile(plain[^1].Samples("first"), 50) > 2 * Measurement.Percentile(exclusive[^1].Samples("first"), 50)),
        ];
    }
}
