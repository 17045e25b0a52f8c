// Reads the header of a guest test: the comment lines at the top of the file, of which those of the form `key: value`
// with a known key are directives; anything else is comment.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using Jiffy.Cli.Host;

namespace Jiffy.Cli.Testing.Guest;

internal sealed partial class CaseHeader
{
    private static readonly string[] Keys =
        ["cpus", "timeout", "memory", "append", "expect", "expect-match", "expect-status", "long", "host", "programs", "packages", "icount", "test", "libc", "flags"];

    private readonly List<(string Key, string Value)> _directives = [];
    private readonly string _file;

    private CaseHeader(string file) => _file = file;

    /// <summary>The file's lines after the header.</summary>
    public IReadOnlyList<string> Body { get; private set; } = [];

    /// <summary>Its line number in the file.</summary>
    public int FirstBodyLine { get; private set; }

    public static CaseHeader Read(string file) => Parse(file, File.ReadAllLines(file));

    public static CaseHeader Parse(string file, IReadOnlyList<string> lines)
    {
        var header = new CaseHeader(file);
        var mark = file.EndsWith(".c", StringComparison.Ordinal) ? "//" : "#";
        var at = 0;
        for (; at < lines.Count && (lines[at].StartsWith(mark, StringComparison.Ordinal) || lines[at].Length == 0); at++)
            if (Directive().Match(lines[at]) is { Success: true } match && Keys.Contains(match.Groups["key"].Value))
                header._directives.Add((match.Groups["key"].Value, match.Groups["value"].Value));
        header.FirstBodyLine = at + 1;
        header.Body = lines.Skip(at).ToArray();
        return header;
    }

    public string? Value(string key) => Values(key) is [.., var last] ? last : null;

    public IReadOnlyList<string> Values(string key) =>
        _directives.Where(directive => directive.Key == key).Select(directive => directive.Value).ToArray();

    public IReadOnlyList<string> Words(string key, string usual) =>
        (Value(key) ?? usual).Split(' ', StringSplitOptions.RemoveEmptyEntries);

    public int Number(string key, int usual, int least, int most)
    {
        var text = Value(key)?.Trim();
        if (text is null)
            return usual;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number
            : throw Wrong($"{key}: '{text}' is not a number from {least} to {most}");
    }

    /// <summary>A case with all that every kind of file may say.</summary>
    public GuestCase ToCase(string name, CaseKind kind, string usualCpus) => new(name, kind, _file)
    {
        Cpus = Words("cpus", CountsInstructions ? "1" : usualCpus).Select(CpuCount).ToArray(),
        CountsInstructions = CountsInstructions,
        Timeout = Number("timeout", 60, 1, 3600),
        Memory = Value("memory") is { } size
            ? Commands.CommandLine.ParseMebibytes(size.Trim()) ?? throw Wrong($"memory: '{size}' is not a size such as 64M")
            : MachineOptions.DefaultMemory,
        Append = Value("append")?.Trim() ?? "",
        Output = ExpectedOutput(),
        Matches = Values("expect-match").Select(ToRegex).ToArray(),
        Status = Number("expect-status", 0, 0, 255),
        IsLong = Value("long")?.Trim() is "yes",
        Programs = Words("programs", ""),
        Packages = string.Join(' ', Words("packages", "")),
        RunsOnHost = Value("host")?.Trim() is not "no",
    };

    private bool CountsInstructions => Value("icount")?.Trim() is "yes";

    public CliFailure Wrong(string what) => new($"{Repository.Relative(_file)}: {what}");

    /// <summary>The lines of the expect directives, or the file of the same name that ends in .out.</summary>
    private string? ExpectedOutput()
    {
        var lines = Values("expect");
        var sibling = Path.ChangeExtension(_file, ".out");
        if (lines.Count > 0)
            return string.Concat(lines.Select(line => line + "\n"));
        return File.Exists(sibling) ? File.ReadAllText(sibling) : null;
    }

    private int CpuCount(string word) =>
        int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count is >= 1 and <= MachineOptions.LargestCpus
            ? count
            : throw Wrong($"cpus: '{word}' is not a number of CPUs");

    private Regex ToRegex(string pattern)
    {
        try
        {
            return new Regex(pattern, RegexOptions.Multiline | RegexOptions.CultureInvariant, TimeSpan.FromSeconds(5));
        }
        catch (ArgumentException error)
        {
            throw Wrong($"expect-match: {error.Message}");
        }
    }

    [GeneratedRegex(@"^(#|//) (?<key>[a-z-]+):( (?<value>.*))?$")]
    private static partial Regex Directive();
}
