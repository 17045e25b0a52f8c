// What `jiffy bench task` found, as a table for people and as JSON or CSV for programs.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.Json;
using Spectre.Console;

namespace Jiffy.Cli.Bench;

/// <param name="Unit">What is counted: instructions or nanoseconds.</param>
internal sealed class TaskReport(string unit, bool inTicks, IReadOnlyList<string> kernels, IReadOnlyList<TaskRow> rows)
{
    private readonly Dictionary<(string Kernel, string Row), TaskResult> _results = [];

    public void Add(string kernel, TaskResult result) => _results[(kernel, result.Row)] = result;

    /// <summary>A row failed on a kernel.</summary>
    public bool HasFailures => _results.Values.Any(result => result.Failure is not null);

    public void Print()
    {
        var table = new Table().Border(TableBorder.Simple).AddColumn("Row");
        foreach (var kernel in kernels)
            table.AddColumn(new TableColumn($"{kernel}, {unit}").RightAligned());
        if (kernels.Count > 1)
            table.AddColumn(new TableColumn("ratio").RightAligned());
        foreach (var row in rows)
        {
            var cells = kernels.Select(kernel => Cell(kernel, row)).ToList();
            if (kernels.Count > 1)
                cells.Add(Ratio(row) is { } ratio ? Format(ratio) : "");
            table.AddRow([row.Name, .. cells]);
        }
        AddTotal(table);
        AnsiConsole.Write(table);
        foreach (var result in _results)
            if ((result.Value.Failure ?? result.Value.Omission) is { } why)
                AnsiConsole.WriteLine($"{result.Key.Kernel}, {result.Key.Row}: {why}");
    }

    public void WriteJson(string path)
    {
        using var file = File.Create(path);
        using var writer = new Utf8JsonWriter(file, new JsonWriterOptions { Indented = true });
        writer.WriteStartObject();
        writer.WriteString("unit", unit);
        writer.WriteStartArray("rows");
        foreach (var row in rows)
            WriteRow(writer, row);
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    public void WriteCsv(string path) => File.WriteAllLines(path,
    [
        $"row,kernel,{unit},failure",
        .. rows.SelectMany(row => kernels.Select(kernel => string.Join(',',
            row.Name, kernel, Cost(kernel, row)?.ToString("0.##", CultureInfo.InvariantCulture), Quoted(Why(kernel, row))))),
    ]);

    private void WriteRow(Utf8JsonWriter writer, TaskRow row)
    {
        writer.WriteStartObject();
        writer.WriteString("row", row.Name);
        writer.WriteString("operation", row.Operation);
        foreach (var kernel in kernels)
        {
            writer.WriteStartObject(kernel);
            if (Cost(kernel, row) is { } cost)
                writer.WriteNumber("cost", Math.Round(cost, 2));
            else
                writer.WriteString("failure", Why(kernel, row));
            writer.WriteStartArray("rounds");
            foreach (var round in _results.GetValueOrDefault((kernel, row.Name))?.Rounds ?? [])
                writer.WriteNumberValue(Math.Round((double)(inTicks ? round.Ticks : round.Nanoseconds) / round.Operations, 2));
            writer.WriteEndArray();
            writer.WriteEndObject();
        }
        if (Ratio(row) is { } ratio)
            writer.WriteNumber("ratio", Math.Round(ratio, 4));
        writer.WriteEndObject();
    }

    // Sums of rows of so different weight say little of any program; but they show at once whether anything changed.
    private void AddTotal(Table table)
    {
        var shared = rows.Where(row => kernels.All(kernel => Cost(kernel, row) is not null)).ToArray();
        if (shared.Length < 2)
            return;
        var sums = kernels.Select(kernel => shared.Sum(row => Cost(kernel, row)!.Value)).ToArray();
        var cells = sums.Select(sum => $"{sum:#,0}").ToList();
        if (kernels.Count > 1)
            cells.Add(Format(sums[0] / sums[1]));
        table.AddEmptyRow();
        table.AddRow([kernels.Count > 1 ? "total of rows that both have" : "total", .. cells]);
    }

    private string Cell(string kernel, TaskRow row) =>
        Cost(kernel, row) is { } cost ? (cost < 100 ? $"{cost:0.0}" : $"{cost:#,0}")
        : _results.GetValueOrDefault((kernel, row.Name))?.Failure is not null ? "failed" : "-";

    private double? Cost(string kernel, TaskRow row) => _results.GetValueOrDefault((kernel, row.Name))?.Cost(inTicks);

    private string? Why(string kernel, TaskRow row) =>
        _results.GetValueOrDefault((kernel, row.Name)) is { } result ? result.Failure ?? result.Omission : null;

    private double? Ratio(TaskRow row) =>
        kernels.Count > 1 && Cost(kernels[0], row) is { } first && Cost(kernels[1], row) is > 0 and var second ? first / second : null;

    private static string Format(double ratio) => ratio.ToString("0.00", CultureInfo.InvariantCulture);

    private static string Quoted(string? text) => text is null ? "" : $"\"{text.Replace("\"", "\"\"").ReplaceLineEndings(" ")}\"";
}
