// Draws a picture as SVG: text elements and a path for each series, nothing else, so that the same numbers give the same file anywhere.
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using System.Xml.Linq;

namespace Jiffy.Cli.Lab;

internal static class SvgPlot
{
    private const int Width = 800, Height = 480, Left = 90, Right = 190, Top = 50, Bottom = 60;
    private const int PlotWidth = Width - Left - Right, PlotHeight = Height - Top - Bottom;
    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    // Distinct for colour-blind readers, too (Okabe and Ito).
    private static readonly string[] Colours = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#f0e442"];

    public static string Draw(Plot plot)
    {
        var x = new PlotScale(plot.X, plot.Series.SelectMany(series => series.Points).Select(point => point.X));
        var y = new PlotScale(plot.Y, plot.Series.SelectMany(series => series.Points).Select(point => point.Y));
        var root = new XElement(Svg + "svg",
            new XAttribute("viewBox", $"0 0 {Width} {Height}"), new XAttribute("width", Width), new XAttribute("height", Height),
            new XAttribute("font-family", "sans-serif"), new XAttribute("font-size", 12),
            new XElement(Svg + "title", plot.Title),
            Box(0, 0, Width, Height, "white"),
            Text(Left, Top / 2 + 4, plot.Title, "start", 15));
        root.Add(AxisX(plot.X, x), AxisY(plot.Y, y));
        for (var index = 0; index < plot.Series.Count; index++)
            root.Add(Draw(plot.Series[index], x, y, index));
        return new XDocument(root).ToString() + "\n";
    }

    private static IEnumerable<XElement> AxisX(PlotAxis axis, PlotScale scale)
    {
        foreach (var mark in scale.Marks)
        {
            var at = Left + scale.Place(mark) * PlotWidth;
            yield return Line(at, Top, at, Top + PlotHeight);
            yield return Text(at, Top + PlotHeight + 18, PlotScale.Text(mark), "middle");
        }
        yield return Text(Left + PlotWidth / 2, Height - 16, axis.Label, "middle", 13);
    }

    private static IEnumerable<XElement> AxisY(PlotAxis axis, PlotScale scale)
    {
        foreach (var mark in scale.Marks)
        {
            var at = Top + PlotHeight - scale.Place(mark) * PlotHeight;
            yield return Line(Left, at, Left + PlotWidth, at);
            yield return Text(Left - 8, at + 4, PlotScale.Text(mark), "end");
        }
        var label = Text(0, 0, axis.Label, "middle", 13);
        label.Add(new XAttribute("transform", $"translate(18 {Top + PlotHeight / 2}) rotate(-90)"));
        yield return label;
    }

    private static IEnumerable<XElement> Draw(Series series, PlotScale x, PlotScale y, int index)
    {
        var colour = Colours[index % Colours.Length];
        var places = series.Points.Select(point => (X: Left + x.Place(point.X) * PlotWidth, Y: Top + PlotHeight - y.Place(point.Y) * PlotHeight)).ToArray();
        if (series.Kind != SeriesKind.Points)
            yield return new XElement(Svg + "path",
                new XAttribute("d", Path(places, series.Kind)), new XAttribute("fill", "none"), new XAttribute("stroke", colour), new XAttribute("stroke-width", 2));
        if (series.Kind != SeriesKind.Steps)
            foreach (var (px, py) in places)
                yield return new XElement(Svg + "circle",
                    new XAttribute("cx", Number(px)), new XAttribute("cy", Number(py)), new XAttribute("r", 3), new XAttribute("fill", colour));
        yield return Box(Width - Right + 14, Top + index * 22, 14, 4, colour);
        yield return Text(Width - Right + 34, Top + index * 22 + 7, series.Name, "start");
    }

    private static string Path((double X, double Y)[] places, SeriesKind kind)
    {
        var path = new StringBuilder();
        for (var index = 0; index < places.Length; index++)
        {
            if (index > 0 && kind == SeriesKind.Steps)
                path.Append($"H{Number(places[index].X)}");
            path.Append($"{(index == 0 ? 'M' : 'L')}{Number(places[index].X)} {Number(places[index].Y)}");
        }
        return path.ToString();
    }

    private static XElement Box(double x, double y, double width, double height, string fill) => new(Svg + "rect",
        new XAttribute("x", Number(x)), new XAttribute("y", Number(y)), new XAttribute("width", Number(width)),
        new XAttribute("height", Number(height)), new XAttribute("fill", fill));

    private static XElement Line(double x1, double y1, double x2, double y2) => new(Svg + "line",
        new XAttribute("x1", Number(x1)), new XAttribute("y1", Number(y1)), new XAttribute("x2", Number(x2)), new XAttribute("y2", Number(y2)),
        new XAttribute("stroke", "#cccccc"));

    private static XElement Text(double x, double y, string text, string anchor, int size = 12) => new(Svg + "text",
        new XAttribute("x", Number(x)), new XAttribute("y", Number(y)), new XAttribute("text-anchor", anchor), new XAttribute("font-size", size), text);

    private static string Number(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);
}
