// Settings measured by the kernel's side of a lab (src/Kernel/Labs): one boot, one line of numbers for each setting.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using Jiffy.Cli.Host;

namespace Jiffy.Cli.Lab;

/// <summary>One row the kernel told: numbers and lists of numbers by name.</summary>
internal sealed record Row(IReadOnlyDictionary<string, double[]> Values)
{
    public double Number(string name) => Values.TryGetValue(name, out var values) && values.Length > 0
        ? values[0]
        : throw new CliFailure($"the experiment told no '{name}'");

    /// <summary>Samples in ascending order.</summary>
    public double[] Samples(string name) => Values.TryGetValue(name, out var values)
        ? values.Order().ToArray()
        : throw new CliFailure($"the experiment told no '{name}'");

    /// <summary>Null: no row.</summary>
    public static Row? Parse(string line)
    {
        var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words is not ["row", ..])
            return null;
        return new Row(words.Skip(1).Select(word => word.Split('=', 2)).Where(parts => parts.Length == 2).ToDictionary(
            parts => parts[0],
            parts => parts[1].Split(',', StringSplitOptions.RemoveEmptyEntries).Select(text => double.Parse(text, CultureInfo.InvariantCulture)).ToArray()));
    }
}

internal static class Measurement
{
    private const string DriverFile = "/sys/kernel/debug/jiffy/lab";

    /// <summary>Boots once and measures each setting ("mode=1 work=100") with an experiment of the kernel, in order.</summary>
    /// <param name="kernelWords">More words for the kernel command line.</param>
    public static IReadOnlyList<Row> Run(LabRequest request, int cpus, string experiment, IEnumerable<string> settings, string kernelWords = "")
    {
        var wanted = settings.ToArray();
        var script = new StringBuilder();
        foreach (var setting in wanted)
            script.Append($"echo {experiment} {setting} >{DriverFile} && cat {DriverFile} || exit 1\n");
        var options = new MachineOptions
        {
            Cpus = cpus,
            Memory = 512,
            Append = $"lab panic_on_oops {kernelWords}".Trim(),
            Acceleration = request.Wall ? Accelerator.Choose(Acceleration.Auto) : Acceleration.Tcg,
            CountsInstructions = !request.Wall,
        };
        var outcome = GuestScript.Run(options, script.ToString(), TimeSpan.FromMinutes(10));
        if (outcome.Problem is { } problem)
            throw new CliFailure($"the experiment {experiment} did not end well: {problem}");
        var rows = outcome.Output.Split('\n').Select(Row.Parse).OfType<Row>().ToArray();
        return rows.Length >= wanted.Length
            ? rows
            : throw new CliFailure($"the experiment {experiment} told {rows.Length} rows for {wanted.Length} settings:\n{outcome.Output}");
    }

    /// <summary>A percentile of sorted samples; 50 is the median, 100 the greatest.</summary>
    public static double Percentile(double[] sorted, double percent) =>
        sorted.Length == 0 ? double.NaN : sorted[(int)Math.Clamp(Math.Ceiling(sorted.Length * percent / 100) - 1, 0, sorted.Length - 1)];

    /// <summary>Nanoseconds as microseconds for a table.</summary>
    public static string Micro(double nanoseconds) => (nanoseconds / 1000).ToString("0.0", CultureInfo.InvariantCulture);
}
