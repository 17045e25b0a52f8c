// Where two texts first differ, for a reader.
using System;

namespace Jiffy.Cli.Testing;

internal static class TextDifference
{
    /// <summary>The first line that differs, as expected and as found.</summary>
    public static string Describe(string expected, string found)
    {
        var wanted = expected.Split('\n');
        var got = found.Split('\n');
        var line = 0;
        while (line < wanted.Length && line < got.Length && wanted[line] == got[line])
            line++;
        return $"line {line + 1}\n  expected: {Show(wanted, line)}\n  found:    {Show(got, line)}";
    }

    private static string Show(string[] lines, int line) =>
        line >= lines.Length || line == lines.Length - 1 && lines[line].Length == 0
            ? "(end)"
            : $"'{lines[line].Replace("\e", "\\e", StringComparison.Ordinal).Replace("\r", "\\r", StringComparison.Ordinal)}'";
}
