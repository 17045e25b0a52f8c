// Each lab, run quickly: its numbers must bear out the document's claim, and its pictures must be well-formed.
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Xml;
using System.Xml.Linq;
using Jiffy.Cli.Commands;
using Jiffy.Cli.Host;
using Jiffy.Cli.Lab;

namespace Jiffy.Cli.Testing;

internal sealed class LabSuite : TestSuite
{
    public override string Name => "labs";

    public override string Description => "the documents' claims, measured on the booted kernel";

    public override IReadOnlyList<string> List(TestRequest request) => Labs.All.Select(FullName).Where(request.Wants).ToArray();

    public override IEnumerable<Prerequisite> Needs(TestRequest request) =>
        List(request).Count > 0 ? [.. Prerequisites.ForRun, .. Prerequisites.ForBuild] : [];

    public override void Run(TestRequest request, Action<TestResult> report)
    {
        var wanted = Labs.All.Where(lab => request.Wants(FullName(lab))).ToArray();
        if (wanted.Length == 0)
            return;
        BuildCommand.BuildImage();
        foreach (var lab in wanted)
        {
            var watch = Stopwatch.StartNew();
            var problem = Try(lab);
            report(new TestResult(FullName(lab), problem is null, watch.Elapsed, problem ?? ""));
        }
    }

    private static string? Try(Lab.Lab lab)
    {
        try
        {
            var result = lab.Run(new LabRequest(IsQuick: true));
            return Judge(result);
        }
        catch (Exception error) when (error is CliFailure or XmlException)
        {
            return error.Message;
        }
    }

    private static string? Judge(LabResult result)
    {
        var wrong = result.Findings.Where(finding => !finding.Holds).Select(finding => $"does not hold: {finding.What}").ToList();
        if (result.Findings.Count == 0 || result.Tables.All(table => table.Rows.Count == 0) || result.Plots.Count + (result.Pages?.Count ?? 0) == 0)
            wrong.Add("a finding, a row or a picture is missing");
        wrong.AddRange(result.Plots.Select(PictureProblem).Concat((result.Pages ?? []).Select(PageProblem)).OfType<string>());
        if (wrong.Count == 0)
            return null;
        return string.Join('\n', wrong.Concat(result.Tables.SelectMany(table => table.Rows.Prepend(table.Headings)).Select(row => string.Join(" | ", row))));
    }

    /// <summary>Null: well-formed, with something drawn for each series, and every number a number.</summary>
    internal static string? PictureProblem(Plot plot)
    {
        var root = XDocument.Parse(SvgPlot.Draw(plot)).Root!;
        var drawn = root.Descendants().Count(element => element.Name.LocalName is "path" or "circle" && element.Attributes().All(IsDrawable));
        if (root.Name.LocalName != "svg" || root.ToString().Contains("NaN", StringComparison.Ordinal))
            return $"the picture '{plot.Title}' is not well-formed";
        return plot.Series.Count > 0 && plot.Series.All(series => series.Points.Count > 0) && drawn >= plot.Series.Count
            ? null
            : $"the picture '{plot.Title}' lacks a series";
    }

    /// <summary>Null: a well-formed drawing with bars in it, or a page that brings all it needs along.</summary>
    internal static string? PageProblem(LabPage page)
    {
        if (page.File.EndsWith(".svg", StringComparison.Ordinal))
        {
            var root = XDocument.Parse(page.Text).Root!;
            return root.Name.LocalName == "svg" && root.Descendants().Count(element => element.Name.LocalName == "rect") > 4 && !page.Text.Contains("NaN", StringComparison.Ordinal)
                ? null
                : $"{page.File} shows nothing";
        }

        return page.Text.Contains("<script", StringComparison.Ordinal) && !page.Text.Contains("://", StringComparison.Ordinal) ? null : $"{page.File} is not complete in itself";
    }

    private static bool IsDrawable(XAttribute attribute) => attribute.Value.Length > 0;

    private static string FullName(Lab.Lab lab) => $"labs/{lab.Name}";
}
