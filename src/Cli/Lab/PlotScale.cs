// One axis of a picture: the range of its values, its marks, and where a value lies between the two ends.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;

namespace Jiffy.Cli.Lab;

internal sealed class PlotScale
{
    private readonly bool _isLogarithmic;
    private readonly double _least, _most;

    public PlotScale(PlotAxis axis, IEnumerable<double> values)
    {
        _isLogarithmic = axis.IsLogarithmic;
        var all = values.Where(value => double.IsFinite(value) && (!_isLogarithmic || value > 0)).ToArray();
        var (least, most) = all.Length == 0 ? (1.0, 10.0) : (all.Min(), all.Max());
        Marks = _isLogarithmic ? Decades(least, most) : Steps(Math.Min(least, 0), most);
        (_least, _most) = (Marks[0], Marks[^1]);
    }

    /// <summary>Where the axis has lines and numbers; the first and the last are its ends.</summary>
    public IReadOnlyList<double> Marks { get; }

    /// <summary>0 at the axis' beginning, 1 at its end.</summary>
    public double Place(double value)
    {
        if (!_isLogarithmic)
            return (value - _least) / (_most - _least);
        return value <= _least ? 0 : Math.Log(value / _least) / Math.Log(_most / _least);
    }

    public static string Text(double value) => value.ToString("#,0.######", CultureInfo.InvariantCulture);

    private static double[] Decades(double least, double most)
    {
        var from = (int)Math.Floor(Math.Log10(least));
        var to = Math.Max((int)Math.Ceiling(Math.Log10(most)), from + 1);
        return Enumerable.Range(from, to - from + 1).Select(power => Math.Pow(10, power)).ToArray();
    }

    // At most ten steps of 1, 2 or 5 times a power of ten.
    private static double[] Steps(double least, double most)
    {
        if (most <= least)
            most = least + 1;
        var step = Math.Pow(10, Math.Floor(Math.Log10((most - least) / 10)));
        foreach (var factor in new[] { 1.0, 2, 5, 10 })
        {
            if ((most - least) / (step * factor) > 10)
                continue;
            step *= factor;
            break;
        }
        var from = Math.Floor(least / step);
        var count = (int)(Math.Ceiling(most / step) - from);
        return Enumerable.Range(0, count + 1).Select(index => (from + index) * step).ToArray();
    }
}
