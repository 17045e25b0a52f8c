// Sleep counted in jiffies against high-resolution sleep.
using System.Collections.Generic;
using System.Linq;

namespace Jiffy.Cli.Lab;

internal sealed class SleepExperiment : Lab
{
    private static readonly string[] Modes = ["jiffies", "high-resolution"];

    public override string Name => "sleep";

    public override string Title => "Sleep in jiffies against high-resolution sleep";

    public override string Document => Documents.KernelLevel;

    public override string Claim =>
        "High-resolution timers come at irregular moments between the ticks, as finely as the hardware allows; a sleep asks for one, and its end "
        + "leads at once to a request to preempt whoever runs. (The lecture on kernel threads shows the older way: schedule_timeout, which "
        + "counts jiffies.)";

    public override string Method =>
        "One CPU, instructions counted (1 ns each), a tick of 4 ms. A real-time thread asks for a sleep of some length at irregular phases of the "
        + "tick, in jiffies (rounded up; schedule_timeout adds one for the tick that has begun) or in nanoseconds. Measured: how much later than asked it runs.";

    public override LabResult Run(LabRequest request)
    {
        int[] lengths = request.IsQuick ? [500, 5000] : [100, 500, 1000, 2000, 5000, 10_000, 20_000];
        var count = request.IsQuick ? 30 : 200;
        var settings = lengths.SelectMany(length => Enumerable.Range(0, Modes.Length).Select(fine => $"fine={fine} length={length} count={count}"));
        var rows = Measurement.Run(request, cpus: 1, Name, settings);
        var table = new LabTable("microseconds later than asked",
            ["sleep", "counted in", "least", "median", "99 %", "worst"],
            rows.Select(row => (IReadOnlyList<string>)
            [
                Measurement.Micro(row.Number("length")), Modes[(int)row.Number("fine")],
                At(row, 0), At(row, 50), At(row, 99), At(row, 100),
            ]).ToArray());
        var shown = rows.Where(row => row.Number("length") == lengths[lengths.Length / 2] * 1000.0);
        var plot = new Plot("", $"How much later than asked a sleep of {lengths[lengths.Length / 2]} us ends",
            new PlotAxis("lateness, us", IsLogarithmic: true), new PlotAxis("sleeps that are not later, %"),
            shown.Select(row => Plot.Distribution(Modes[(int)row.Number("fine")], row.Samples("late"), 0.001)).ToArray());
        return new LabResult([table], [plot], Judge(rows));
    }

    private static string At(Row row, double percent) => Measurement.Micro(Measurement.Percentile(row.Samples("late"), percent));

    private static Finding[] Judge(IReadOnlyList<Row> rows)
    {
        var coarse = rows.Where(row => row.Number("fine") == 0).ToArray();
        var fine = rows.Where(row => row.Number("fine") == 1).ToArray();
        return
        [
            new("neither kind of sleep ends early", rows.All(row => row.Samples("late")[0] >= 0)),
            new("a sleep in jiffies is late by a part of a tick that depends on when it was asked for: 1 ms or more between best and worst",
                coarse.All(row => row.Samples("late")[^1] - row.Samples("late")[0] > 1e6)),
            new("a high-resolution sleep is late by less than a hundredth of a tick, whatever its length", fine.All(row => row.Samples("late")[^1] < 40_000)),
            new("so the worst high-resolution sleep is better than the best median in jiffies",
                fine.Max(row => row.Samples("late")[^1]) < coarse.Min(row => Measurement.Percentile(row.Samples("late"), 50))),
        ];
    }
}
