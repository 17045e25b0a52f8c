// `jiffy lab`: the claims of the documents as experiments. Without a name it lists them.
using System;
using System.CommandLine;
using System.IO;
using System.Linq;
using Jiffy.Cli.Host;
using Jiffy.Cli.Lab;
using Spectre.Console;

namespace Jiffy.Cli.Commands;

internal static class LabCommand
{
    public static Command Create()
    {
        var name = new Argument<string?>("name") { Description = "The lab. Without it: a list.", Arity = ArgumentArity.ZeroOrOne };
        var cpus = CommandLine.Number("--cpus", "Number of CPUs for labs that can do with others than their own. 0: as the lab wants.", 0, MachineOptions.LargestCpus, 0);
        var output = new Option<string?>("--out") { Description = "Directory for the pictures. Default: artifacts/labs of the repository.", HelpName = "DIR" };
        var quick = new Option<bool>("--quick") { Description = "Fewer settings and samples, as the tests do." };
        var wall = new Option<bool>("--wall") { Description = "Time by the host's clock: real times, and different ones each run. Default: instructions are counted." };
        var command = new Command("lab",
            """
            Run a claim of one of the documents on the kernel as an experiment: a table, what the document says, and pictures as SVG files or pages for a browser.

            Exit status: 0 when the numbers bear out the claim, 1 when they do not.
            """);
        command.Arguments.Add(name);
        foreach (var option in new Option[] { cpus, output, quick, wall })
            command.Options.Add(option);
        command.SetAction(result =>
        {
            var request = new LabRequest(
                result.GetValue(cpus) is > 0 and var given ? given : null, result.GetValue(quick), result.GetValue(wall));
            return result.GetValue(name) is { } wanted ? Run(wanted, request, result.GetValue(output) ?? Repository.In("artifacts", "labs")) : List();
        });
        return command.WithExamples("jiffy lab", "jiffy lab halves --out pictures", "jiffy lab affinity --cpus 8");
    }

    private static int List()
    {
        var table = new Table().Border(TableBorder.Simple).AddColumn("Lab").AddColumn("What").AddColumn("Document");
        foreach (var lab in Labs.All)
            table.AddRow(Markup.Escape(lab.Name), Markup.Escape(lab.Title), Markup.Escape(lab.Document));
        AnsiConsole.Write(table);
        return ExitStatus.Success;
    }

    private static int Run(string name, LabRequest request, string directory)
    {
        var lab = Labs.All.FirstOrDefault(lab => lab.Name == name)
            ?? throw new CliFailure($"there is no lab '{name}' (jiffy lab lists them)", ExitStatus.Usage);
        Prerequisites.Require([.. Prerequisites.ForRun, .. Prerequisites.ForBuild]);
        BuildCommand.BuildImage();
        Report.Progress($"{lab.Name}: measuring");
        var result = lab.Run(request);
        Show(lab, result);
        Directory.CreateDirectory(directory);
        var pages = result.Plots.Select(plot => new LabPage(FileName(lab, plot), SvgPlot.Draw(plot))).Concat(result.Pages ?? []);
        foreach (var page in pages)
        {
            var file = Path.Combine(directory, page.File);
            File.WriteAllText(file, page.Text);
            Report.Progress($"wrote {file}");
        }
        return result.Findings.All(finding => finding.Holds) ? ExitStatus.Success : ExitStatus.Failure;
    }

    public static string FileName(Lab.Lab lab, Plot plot) => plot.Name.Length == 0 ? $"{lab.Name}.svg" : $"{lab.Name}-{plot.Name}.svg";

    private static void Show(Lab.Lab lab, LabResult result)
    {
        Write($"{lab.Title}\n\nDocument: {lab.Document}\nIt says: {lab.Claim}\nHere: {lab.Method}\n");
        foreach (var shown in result.Tables)
        {
            var table = new Table().Border(TableBorder.Simple);
            foreach (var heading in shown.Headings)
                table.AddColumn(new TableColumn(Markup.Escape(heading)).RightAligned());
            foreach (var row in shown.Rows)
                table.AddRow(row.Select(Markup.Escape).ToArray());
            Write($"\n{shown.Title}:");
            AnsiConsole.Write(table);
        }
        foreach (var finding in result.Findings)
            Write($"{(finding.Holds ? "holds:        " : "DOES NOT HOLD:")} {finding.What}");
    }

    private static void Write(string text) => AnsiConsole.WriteLine(text);
}
