// Preemption off against wake-up latency.
using System.Collections.Generic;
using System.Linq;

namespace Jiffy.Cli.Lab;

internal sealed class PreemptionExperiment : Lab
{
    private static readonly string[] Modes = ["nothing off", "preemption off", "softirqs off", "interrupts off"];

    public override string Name => "preemption";

    public override string Title => "Preemption off against wake-up latency";

    public override string Document => Documents.TaskSwitch;

    public override string Claim =>
        "A kernel that may itself be preempted runs a woken task of higher priority at once, which helps real-time programs. While the counter "
        + "of the running task is not zero it may not: then the woken task waits for the end of the section. (The other documents add that "
        + "the counter is per thread and nests, and that the check comes where it returns to zero.)";

    public override string Method =>
        "One CPU, instructions counted (1 ns each). Kernel code computes in sections of growing length during which preemption, softirqs or "
        + "interrupts are off, or nothing is; a timer wakes a real-time thread at irregular times. Measured from the timer's deadline to "
        + "the thread's first step.";

    public override LabResult Run(LabRequest request)
    {
        int[] lengths = request.IsQuick ? [20, 500] : [1, 10, 50, 100, 200, 500, 1000, 2000];
        var count = request.IsQuick ? 40 : 150;
        var settings = lengths.SelectMany(length => Enumerable.Range(0, Modes.Length).Select(mode => $"mode={mode} length={length} count={count}"));
        var rows = Measurement.Run(request, cpus: 1, Name, settings);
        var table = new LabTable("microseconds from deadline to first step",
            ["section", "what is off", "median", "99 %", "worst"],
            rows.Select(row => (IReadOnlyList<string>)
            [
                Measurement.Micro(row.Number("length")), Modes[(int)row.Number("mode")], Percentile(row, 50), Percentile(row, 99), Percentile(row, 100),
            ]).ToArray());
        var plot = new Plot("", "Wake-up latency against the length of sections, at worst", new PlotAxis("length of a section, us", IsLogarithmic: true),
            new PlotAxis("latency, us", IsLogarithmic: true),
            Modes.Select((name, mode) => new Series(name, rows.Where(row => (int)row.Number("mode") == mode)
                .Select(row => new PlotPoint(row.Number("length") / 1000, Worst(row) / 1000)).ToArray())).ToArray());
        return new LabResult([table], [plot], Judge(rows));
    }

    private static string Percentile(Row row, double percent) => Measurement.Micro(Measurement.Percentile(row.Samples("late"), percent));

    private static double Worst(Row row) => Measurement.Percentile(row.Samples("late"), 100);

    private static Finding[] Judge(IReadOnlyList<Row> rows)
    {
        var longest = rows.Max(row => row.Number("length"));
        var shortest = rows.Min(row => row.Number("length"));
        double At(int mode, double length) => Worst(rows.First(row => (int)row.Number("mode") == mode && row.Number("length") == length));
        return
        [
            new("where nothing is off the latency does not grow with the length of what the kernel does", At(0, longest) < 4 * At(0, shortest)),
            new("with preemption off it grows to the length of a section", At(1, longest) > 0.7 * longest && At(1, longest) < 1.5 * longest),
            new("with softirqs off, too", At(2, longest) > 0.7 * longest && At(2, longest) < 1.5 * longest),
            new("with interrupts off, too", At(3, longest) > 0.7 * longest && At(3, longest) < 1.5 * longest),
        ];
    }
}
