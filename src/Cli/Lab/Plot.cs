// What a picture shows, apart from how it is drawn: axes and series of points or bars.
using System.Collections.Generic;

namespace Jiffy.Cli.Lab;

internal readonly record struct PlotPoint(double X, double Y);

internal enum SeriesKind
{
    /// <summary>Points joined by straight lines.</summary>
    Line,

    /// <summary>A staircase: a cumulative distribution.</summary>
    Steps,

    /// <summary>Points alone.</summary>
    Points,
}

internal sealed record Series(string Name, IReadOnlyList<PlotPoint> Points, SeriesKind Kind = SeriesKind.Line);

/// <summary>An axis. On a logarithmic one values at or below zero are shown at its least value.</summary>
internal sealed record PlotAxis(string Label, bool IsLogarithmic = false);

/// <param name="Name">Part of the file's name; empty when the lab has only one picture.</param>
internal sealed record Plot(string Name, string Title, PlotAxis X, PlotAxis Y, IReadOnlyList<Series> Series)
{
    /// <summary>Sorted samples as a cumulative distribution in percent.</summary>
    public static Series Distribution(string name, double[] sorted, double scale)
    {
        var points = new List<PlotPoint>();
        for (var i = 0; i < sorted.Length; i++)
            points.Add(new PlotPoint(sorted[i] * scale, 100.0 * (i + 1) / sorted.Length));
        return new Series(name, points, SeriesKind.Steps);
    }
}
