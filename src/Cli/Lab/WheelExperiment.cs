// The historical timer wheel, which cascades, against the present one, which does not.
using System.Collections.Generic;
using System.Linq;

namespace Jiffy.Cli.Lab;

internal sealed class WheelExperiment : Lab
{
    private static readonly string[] Wheels = ["cascading", "non-cascading"];
    private static readonly string[] s_kernelWords = ["timers=cascading", ""];

    public override string Name => "wheel";

    public override string Title => "The cascading timer wheel against the one that does not cascade";

    public override string Document => Documents.KernelThreads;

    public override string Claim =>
        "schedule_timeout puts a timer into the kernel's global list of timers, and a bottom half runs those that are due. (The document stops there; "
        + "how the list is kept in order decides what each tick costs. The historical wheel is exact to the tick, and pays by moving timers "
        + "from coarse lists into fine ones, all that come into reach in one tick.)";

    public override string Method =>
        "One CPU, instructions counted (1 ns each). So many timers are started for times a little after the next turn of the historical wheel's "
        + "finest vector (256 ticks). A busy loop notes the longest time for which it was kept from running around the turn; then all timers are taken off.";

    public override LabResult Run(LabRequest request)
    {
        int[] counts = request.IsQuick ? [16, 2048] : [0, 64, 256, 512, 1024, 2048, 4096];
        var settings = counts.Select(count => $"timers={count}").ToArray();
        var measured = s_kernelWords.Select(words => Measurement.Run(request, cpus: 1, Name, settings, words)).ToArray();
        var table = new LabTable("longest gap in microseconds", ["timers", .. Wheels],
            counts.Select((count, index) => (IReadOnlyList<string>)
            [
                $"{count}", .. measured.Select(rows => Measurement.Micro(rows[index].Number("gap"))),
            ]).ToArray());
        var plot = new Plot("", "Longest gap around a turn of the wheel", new PlotAxis("timers"), new PlotAxis("us"),
            Wheels.Select((name, wheel) => new Series(name, measured[wheel]
                .Select(row => new PlotPoint(row.Number("timers"), row.Number("gap") / 1000)).ToArray())).ToArray());
        var (few, many) = (measured[0][0].Number("gap"), measured[0][^1].Number("gap"));
        return new LabResult([table], [plot],
        [
            new("no timer fired or was lost", measured.All(rows => rows.All(row => row.Number("removed") == row.Number("timers")))),
            new("the cascading wheel's turn takes longer the more timers it moves", many > 5 * few),
            new("the other wheel's does not", measured[1][^1].Number("gap") < 2 * measured[1][0].Number("gap")),
        ]);
    }
}
