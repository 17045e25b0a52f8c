// What the commands' option parsing shares: sizes, checked ranges, examples in the help, errors with status 2.
using System;
using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using System.ComponentModel;
using System.Globalization;
using System.IO;
using System.Linq;

namespace Jiffy.Cli.Commands;

internal static class CommandLine
{
    /// <summary>A number that must lie in a range.</summary>
    public static Option<int> Number(string name, string description, int least, int most, int usual)
    {
        var option = new Option<int>(name) { Description = description, HelpName = "N", DefaultValueFactory = _ => usual };
        option.CustomParser = result =>
        {
            var text = result.Tokens.Count > 0 ? result.Tokens[0].Value : "";
            if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most)
                return value;
            result.AddError($"{name} takes a number from {least} to {most}, not '{text}'");
            return usual;
        };
        return option;
    }

    /// <summary>Reads a memory size: a number with K, M or G (bytes without) as whole mebibytes; null when it is none.</summary>
    public static int? ParseMebibytes(string text)
    {
        var unit = text.Length > 0 ? char.ToUpperInvariant(text[^1]) : ' ';
        var shift = unit switch { 'K' => 10, 'M' => 20, 'G' => 30, _ => 0 };
        var digits = shift > 0 ? text[..^1] : text;
        if (!long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number > long.MaxValue >> 30)
            return null;
        var bytes = number << shift;
        return bytes > 0 && bytes % (1 << 20) == 0 && bytes >> 20 <= 1 << 20 ? (int)(bytes >> 20) : null;
    }

    /// <summary>Adds examples to the command's help.</summary>
    public static Command WithExamples(this Command command, params string[] examples)
    {
        var help = command.Options.OfType<HelpOption>().FirstOrDefault();
        if (help is null)
        {
            help = new HelpOption();
            command.Options.Add(help);
        }
        help.Action = new HelpWithExamples(examples);
        return command;
    }

    /// <summary>Parses and runs. Wrong words on the command line are told with status 2, failures with their own.</summary>
    public static int Run(RootCommand root, string[] arguments)
    {
        // Words after -- and words that begin with @ are nobody's but the guest's.
        var result = root.Parse(arguments, new ParserConfiguration { ResponseFileTokenReplacer = null });
        var asksForHelp = result.Action is HelpAction or HelpWithExamples;
        if (result.Errors.Count > 0 && !asksForHelp)
            return Refuse(result);
        try
        {
            return result.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
        }
        catch (CliFailure failure)
        {
            Host.Report.Error(failure.Message);
            return failure.Status;
        }
        catch (Exception error) when (RefusalIn(error) is { } refusal)
        {
            Host.Report.Error(refusal.Message);
            return ExitStatus.Failure;
        }
    }

    /// <summary>The host said no: a full disk, a tree that cannot be written, a program that cannot be started. Null for a mistake of ours.</summary>
    internal static Exception? RefusalIn(Exception? error)
    {
        while (error is not (null or IOException or UnauthorizedAccessException or Win32Exception))
            error = error.InnerException;
        return error;
    }

    private static int Refuse(ParseResult result)
    {
        // A word that is no command leaves its place unfilled, too; the word is what is wrong.
        var errors = result.Errors.Select(error => error.Message).Distinct();
        foreach (var error in result.UnmatchedTokens.Count > 0 ? errors.Where(error => !error.StartsWith("Required", StringComparison.Ordinal)) : errors)
            Host.Report.Error(error);
        var path = string.Join(' ', PathOf(result.CommandResult));
        Host.Report.Error($"see `{path} --help`");
        return ExitStatus.Usage;
    }

    private static string[] PathOf(CommandResult result) =>
        result.Parent is CommandResult parent ? [.. PathOf(parent), result.Command.Name] : ["jiffy"];

    private sealed class HelpWithExamples(string[] examples) : SynchronousCommandLineAction
    {
        private readonly HelpAction _usual = new();

        public override int Invoke(ParseResult parseResult)
        {
            // In a list of commands their first lines are enough.
            foreach (var command in parseResult.CommandResult.Command.Subcommands)
                command.Description = command.Description?.Split('\n')[0];
            var output = parseResult.InvocationConfiguration.Output;
            using var usual = new StringWriter();
            parseResult.InvocationConfiguration.Output = usual;
            var status = _usual.Invoke(parseResult);
            parseResult.InvocationConfiguration.Output = output;
            output.Write(usual.ToString().Replace("[<command>...] [options]", "[options] [-- <command>...]"));
            output.WriteLine("Examples:");
            foreach (var example in examples)
                output.WriteLine($"  {example}");
            return status;
        }
    }
}
