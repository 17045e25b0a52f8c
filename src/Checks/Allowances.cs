// The exceptions to the rules, each with its reason: Allowed.txt. One per line: rule | who | what | why.
// A line that nothing needs any more is itself a finding, so the list cannot outlive its reasons.
using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace Jiffy.Checks;

internal sealed class Allowances
{
    private readonly List<Line> _lines = [];

    private sealed class Line
    {
        public required string Rule { get; init; }

        public required string Who { get; init; }

        public required string What { get; init; }

        public bool IsUsed { get; set; }
    }

    public static Allowances None { get; } = new();

    /// <summary>Throws InvalidDataException for a line without all four parts.</summary>
    public static Allowances Read(string file) => Parse(File.ReadLines(file));

    public static Allowances Parse(IEnumerable<string> text)
    {
        var allowances = new Allowances();
        foreach (var line in text.Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] != '#'))
        {
            var parts = line.Split('|').Select(part => part.Trim()).ToArray();
            if (parts.Length != 4 || parts.Any(part => part.Length == 0))
                throw new InvalidDataException($"not of the form 'rule | who | what | why': {line}");
            allowances._lines.Add(new Line { Rule = parts[0], Who = parts[1], What = parts[2] });
        }
        return allowances;
    }

    /// <summary>True when the list has it; `*` as what stands for everything.</summary>
    public bool Allows(string rule, string who, string what)
    {
        var line = _lines.Find(line => line.Rule == rule && line.Who == who && (line.What == "*" || line.What == what));
        if (line is null)
            return false;
        line.IsUsed = true;
        return true;
    }

    /// <summary>Everybody named under a rule.</summary>
    public IReadOnlyList<string> Named(string rule) => _lines.Where(line => line.Rule == rule).Select(line => line.Who).ToArray();

    public IEnumerable<string> Unused(string rule) =>
        _lines.Where(line => line.Rule == rule && !line.IsUsed).Select(line => $"Allowed.txt: nothing needs '{rule} | {line.Who} | {line.What}' any more");
}
