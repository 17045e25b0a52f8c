// Draws who does what when, as SVG: a lane for each task, bars for what it does, arrows for who wakes whom.
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Xml.Linq;

namespace Jiffy.Cli.Lab;

internal enum LaneState
{
    /// <summary>In the kernel, running.</summary>
    InCall,

    Asleep,
}

/// <summary>A stretch of a lane; what lies between stretches is computing.</summary>
internal sealed record TimeSpanOnLane(string Lane, double From, double To, LaneState State);

internal sealed record LaneArrow(string FromLane, double From, string ToLane, double To);

internal static class Timeline
{
    private const int Width = 1400, Left = 80, Right = 20, Top = 70, LaneHeight = 34, LaneGap = 60, Bottom = 60;
    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";
    private const string Computing = "#c9d6df", Call = "#0072b2", Sleep = "#f6d7c3", SleepEdge = "#d55e00";

    /// <param name="unit">Times are given in it, multiplied by <paramref name="scale"/>.</param>
    public static string Draw(string title, string unit, IReadOnlyList<string> lanes, IReadOnlyList<TimeSpanOnLane> spans, IReadOnlyList<LaneArrow> arrows, double scale)
    {
        var end = spans.Max(span => span.To);
        var height = Top + lanes.Count * LaneHeight + (lanes.Count - 1) * LaneGap + Bottom;
        double X(double time) => Left + time / end * (Width - Left - Right);
        double Y(string lane) => Top + lanes.ToList().IndexOf(lane) * (LaneHeight + LaneGap);
        var root = new XElement(Svg + "svg", new XAttribute("viewBox", $"0 0 {Width} {height}"), new XAttribute("width", Width), new XAttribute("height", height),
            new XAttribute("font-family", "sans-serif"), new XAttribute("font-size", 12),
            new XElement(Svg + "title", title), Box(0, 0, Width, height, "white", null), Text(Left, 24, title, "start", 15));
        root.Add(Legend(), Marks(end, scale, unit, X, height));
        foreach (var lane in lanes)
        {
            root.Add(Text(Left - 10, Y(lane) + LaneHeight / 2.0 + 4, lane, "end", 13));
            var own = spans.Where(span => span.Lane == lane).ToArray();
            root.Add(Box(X(0), Y(lane), X(own.Max(span => span.To)) - X(0), LaneHeight, Computing, null));
            root.Add(own.Select(span => span.State == LaneState.Asleep
                ? Box(X(span.From), Y(lane), X(span.To) - X(span.From), LaneHeight, Sleep, SleepEdge)
                : Box(X(span.From), Y(lane), System.Math.Max(X(span.To) - X(span.From), 0.5), LaneHeight, Call, null)));
        }

        foreach (var arrow in arrows)
            root.Add(Arrow(X(arrow.From), X(arrow.To), Y(arrow.FromLane), Y(arrow.ToLane)));
        return new XDocument(root).ToString() + "\n";
    }

    private static IEnumerable<XElement> Legend()
    {
        (string Name, string Fill, string? Edge)[] items = [("computes", Computing, null), ("in the kernel", Call, null), ("asleep", Sleep, SleepEdge)];
        for (var i = 0; i < items.Length; i++)
        {
            yield return Box(Left + i * 130, 36, 18, 12, items[i].Fill, items[i].Edge);
            yield return Text(Left + i * 130 + 24, 46, items[i].Name, "start");
        }

        yield return Text(Left + items.Length * 130, 46, "arrows: whose call ended the sleep", "start");
    }

    private static IEnumerable<XElement> Marks(double end, double scale, string unit, System.Func<double, double> x, int height)
    {
        var step = System.Math.Pow(10, System.Math.Floor(System.Math.Log10(end / scale)));
        if (end / scale / step < 3)
            step /= 5;
        for (var mark = 0.0; mark * scale <= end; mark += step)
        {
            yield return Line(x(mark * scale), Top - 8, x(mark * scale), height - Bottom + 8, "#dddddd");
            yield return Text(x(mark * scale), height - Bottom + 24, mark.ToString("0.##", CultureInfo.InvariantCulture), "middle");
        }

        yield return Text(Width / 2.0, height - 14, unit, "middle", 13);
    }

    private static IEnumerable<XElement> Arrow(double fromX, double toX, double fromY, double toY)
    {
        var down = toY > fromY;
        var (start, tip) = (down ? fromY + LaneHeight : fromY, down ? toY : toY + LaneHeight);
        yield return Line(fromX, start, toX, tip, "#009e73");
        var back = down ? tip - 8 : tip + 8;
        yield return new XElement(Svg + "path", new XAttribute("d", $"M{Number(toX)} {Number(tip)}L{Number(toX - 4)} {Number(back)}L{Number(toX + 4)} {Number(back)}Z"), new XAttribute("fill", "#009e73"));
    }

    private static XElement Box(double x, double y, double width, double height, string fill, string? edge)
    {
        var box = new XElement(Svg + "rect", new XAttribute("x", Number(x)), new XAttribute("y", Number(y)), new XAttribute("width", Number(width)),
            new XAttribute("height", Number(height)), new XAttribute("fill", fill));
        if (edge is not null)
            box.Add(new XAttribute("stroke", edge));
        return box;
    }

    private static XElement Line(double x1, double y1, double x2, double y2, string colour) => new(Svg + "line",
        new XAttribute("x1", Number(x1)), new XAttribute("y1", Number(y1)), new XAttribute("x2", Number(x2)), new XAttribute("y2", Number(y2)),
        new XAttribute("stroke", colour));

    private static XElement Text(double x, double y, string text, string anchor, int size = 12) => new(Svg + "text",
        new XAttribute("x", Number(x)), new XAttribute("y", Number(y)), new XAttribute("text-anchor", anchor), new XAttribute("font-size", size), text);

    private static string Number(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);
}
