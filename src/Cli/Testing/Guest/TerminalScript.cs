// The steps of a terminal case, one on a line:
//   send "TEXT"              types it; \n \r \t \e \\ \" \xHH as in C, and ^X for a control character
//   wait "REGEX" [SECONDS]   waits until it appears in what has been printed since the last wait's match (10 seconds)
//   absent "REGEX"           it must not have appeared since the last wait's match
//   pause SECONDS            lets the guest run
// The script begins before the shell's first prompt and must end the shell.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Jiffy.Cli.Testing.Guest;

internal abstract record TerminalStep(int Line);

internal sealed record SendStep(int Line, byte[] Keys) : TerminalStep(Line);

internal sealed record WaitStep(int Line, Regex Pattern, TimeSpan Limit) : TerminalStep(Line);

internal sealed record AbsentStep(int Line, Regex Pattern) : TerminalStep(Line);

internal sealed record PauseStep(int Line, TimeSpan Time) : TerminalStep(Line);

internal static partial class TerminalScript
{
    private const double UsualWait = 10;

    public static IReadOnlyList<TerminalStep> Read(CaseHeader header)
    {
        var steps = new List<TerminalStep>();
        for (var index = 0; index < header.Body.Count; index++)
        {
            var text = header.Body[index].Trim();
            if (text.Length > 0 && !text.StartsWith('#'))
                steps.Add(ParseStep(header, header.FirstBodyLine + index, text));
        }
        return steps.Count > 0 ? steps : throw header.Wrong("no steps");
    }

    /// <summary>The text of a quoted word with its escapes replaced.</summary>
    public static byte[]? Unquote(string quoted)
    {
        var bytes = new List<byte>();
        for (var index = 0; index < quoted.Length; index++)
        {
            var next = index + 1 < quoted.Length ? quoted[index + 1] : '\0';
            switch (quoted[index])
            {
                case '\\' when next == 'x' && index + 3 < quoted.Length
                    && byte.TryParse(quoted.AsSpan(index + 2, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value):
                    bytes.Add(value);
                    index += 3;
                    break;
                case '\\' when "nrte\\\"^".IndexOf(next) is >= 0 and var which:
                    bytes.Add("\n\r\t\e\\\"^"u8[which]);
                    index++;
                    break;
                case '\\':
                    return null;
                case '^' when next is >= '@' and <= '_':
                    bytes.Add((byte)(next & 0x1f));
                    index++;
                    break;
                default:
                    bytes.AddRange(Encoding.UTF8.GetBytes(quoted, index, 1));
                    break;
            }
        }
        return bytes.ToArray();
    }

    private static TerminalStep ParseStep(CaseHeader header, int line, string text)
    {
        var match = StepForm().Match(text);
        var word = match.Groups["text"].Value;
        var seconds = double.TryParse(match.Groups["seconds"].Value, CultureInfo.InvariantCulture, out var number) ? number : UsualWait;
        return (match.Groups["verb"].Value, match.Groups["text"].Success, match.Groups["seconds"].Success) switch
        {
            ("send", true, false) => new SendStep(line, Unquote(word) ?? throw header.Wrong($"line {line}: unknown escape")),
            ("wait", true, _) => new WaitStep(line, Pattern(header, line, word), TimeSpan.FromSeconds(seconds)),
            ("absent", true, false) => new AbsentStep(line, Pattern(header, line, word)),
            ("pause", false, true) => new PauseStep(line, TimeSpan.FromSeconds(seconds)),
            _ => throw header.Wrong($"line {line}: neither send, wait, absent nor pause: {text}"),
        };
    }

    private static Regex Pattern(CaseHeader header, int line, string pattern)
    {
        try
        {
            return new Regex(pattern.Replace("\\\"", "\"", StringComparison.Ordinal), RegexOptions.Multiline | RegexOptions.CultureInvariant);
        }
        catch (ArgumentException error)
        {
            throw header.Wrong($"line {line}: {error.Message}");
        }
    }

    [GeneratedRegex("""^(?<verb>[a-z]+)(\s+"(?<text>(\\.|[^"\\])*)")?(\s+(?<seconds>[0-9.]+))?$""")]
    private static partial Regex StepForm();
}
