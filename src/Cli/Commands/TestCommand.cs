// `jiffy test`: runs the suites, shows each test as it ends, the transcript of each failure, and a summary as last line.
using System;
using System.Collections.Generic;
using System.CommandLine;
using System.Diagnostics;
using System.Linq;
using Jiffy.Cli.Host;
using Jiffy.Cli.Testing;
using Jiffy.Cli.Testing.Guest;

namespace Jiffy.Cli.Commands;

internal sealed class TestCommand
{
    private readonly MachineOptionSet _machine = new(choosesCpus: false);

    private readonly Argument<string[]> _names = new("name")
    {
        Description = "Parts or tests to run, * and ? allowed: guest, 'guest/pipe-*', pipe-order@2, 'unit/*CpioTests*'. Default: all.",
        Arity = ArgumentArity.ZeroOrMore,
        DefaultValueFactory = _ => [],
    };

    private readonly Option<bool> _list = new("--list") { Description = "Print the names of the tests and run none." };
    private readonly Option<bool> _long = new("--long") { Description = "Also run the long tests." };

    private readonly Option<int> _cpus = CommandLine.Number(
        "--cpus", "Run guest tests with this number of CPUs only. 0: with every number a test names.", 0, MachineOptions.LargestCpus, 0);

    private readonly Option<bool> _onHost = new("--on-host")
    {
        Description = "Run the guest tests on this host's Linux, in place of a guest, to check the tests themselves.",
    };

    private readonly Option<int> _tail = CommandLine.Number("--tail", "Lines of a failure's transcript to print.", 1, 1_000_000, 40);

    private readonly Option<int> _seconds = CommandLine.Number("--seconds", "How long kernel/torture lasts.", 1, 86_400, 60);

    private readonly Option<int?> _seed = new("--seed") { Description = "Seed of the kernel's self-tests. Default: another each time, printed.", HelpName = "N" };

    private int _passed;
    private readonly List<string> _failed = [];

    public static Command Create()
    {
        var self = new TestCommand();
        var parts = string.Join('\n', Suites.All.Select(suite => $"  {suite.Name,-8} {suite.Description}"));
        var command = new Command("test",
            $"""
            Run the tests. The last line of the output is the summary; the exit status is 1 if a test failed.

            Parts:
            {parts}
            """);
        command.Arguments.Add(self._names);
        foreach (var option in new Option[] { self._list, self._long, self._cpus, self._onHost, self._tail, self._seconds, self._seed })
            command.Options.Add(option);
        self._machine.AddTo(command);
        command.SetAction(self.Run);
        return command.WithExamples(
            "jiffy test                      everything but the long tests",
            "jiffy test unit format          two parts",
            "jiffy test kernel               the kernel's self-tests in the booted kernel",
            "jiffy test kernel/torture --seconds 600 --seed 7",
            "jiffy test guest --cpus 4       guest tests on four CPUs",
            "jiffy test 'job-control@*'      one guest test",
            "jiffy test guest --on-host      are the guest tests true on Linux?",
            "jiffy test guest --kernel linux --cpus 2");
    }

    private int Run(ParseResult result)
    {
        var request = new TestRequest
        {
            Patterns = result.GetValue(_names) ?? [],
            IncludesLong = result.GetValue(_long),
            Cpus = result.GetValue(_cpus) is > 0 and var cpus ? cpus : null,
            OnHost = result.GetValue(_onHost),
            Seconds = result.GetValue(_seconds),
            Seed = result.GetValue(_seed),
            Machine = _machine.Read(result),
        };
        var suites = Suites.All.Where(suite => suite.Exists && (!request.OnHost || suite is GuestSuite)).ToArray();
        var rest = WithoutFound(suites, request);
        if (result.GetValue(_list))
            return List(suites, request, rest);
        // At the beginning, so that nobody waits for half of the tests to learn that something is missing.
        Prerequisites.Require(suites.SelectMany(suite => suite.Needs(request)));
        var watch = Stopwatch.StartNew();
        foreach (var suite in suites)
            if ((suite.ListsAtOnce ? request : rest) is { } own)
                RunSuite(suite, own, result.GetValue(_tail));
        if (_passed + _failed.Count == 0)
            throw NoSuchTest(request);
        Print(_failed.Count > 0 ? $"\nfailed: {string.Join(' ', _failed)}\n" : "");
        Print($"\nin {watch.Elapsed.TotalSeconds:0} s\n{_passed} passed, {_failed.Count} failed\n");
        return _failed.Count == 0 ? ExitStatus.Success : ExitStatus.Failure;
    }

    private void RunSuite(TestSuite suite, TestRequest request, int tail)
    {
        try
        {
            suite.Run(request, test => Show(test, tail));
            if (suite.Remark is { } remark)
                Print($"      {suite.Name}: {remark}\n");
        }
        catch (CliFailure failure)
        {
            Show(new TestResult($"{suite.Name}/start", false, TimeSpan.Zero, failure.Message), tail);
        }
    }

    private void Show(TestResult test, int tail)
    {
        if (test.Passed)
            _passed++;
        else
            _failed.Add(test.Name);
        Print($"{(test.Passed ? "ok  " : "FAIL")}  {test.Name}  {test.Duration.TotalSeconds:0.0} s\n");
        if (test.Passed || test.Transcript.Length == 0)
            return;
        Print(string.Concat(Shorten(test.Transcript.TrimEnd().Split('\n'), tail).Select(line => $"      | {line}\n")));
    }

    /// <summary>The first line says what is wrong, the last ones what led to it; of those between only what programs call a failure.</summary>
    internal static IEnumerable<string> Shorten(IReadOnlyList<string> lines, int tail)
    {
        var left = Math.Max(lines.Count - tail, 0);
        if (left <= 1)
            return lines;
        var failures = lines.Take(left).Skip(1).Where(line => line.StartsWith("FAIL ", StringComparison.Ordinal)).Take(tail).ToArray();
        return [lines[0], $"... {left - 1 - failures.Length} lines ...", .. failures, .. lines.Skip(left)];
    }

    /// <summary>The request for suites that must be built before they know their tests: only names that no other suite
    /// or part has. Null when none is left, so that one guest test does not wait for the build of all the others.</summary>
    private static TestRequest? WithoutFound(IReadOnlyList<TestSuite> suites, TestRequest request)
    {
        if (request.Patterns.Count == 0)
            return request;
        var quick = suites.Where(suite => suite.ListsAtOnce).ToArray();
        bool IsFound(string pattern) => quick.Any(suite => suite.Name == pattern || suite.List(request with { Patterns = [pattern] }).Count > 0);
        var rest = request.Patterns.Where(pattern => !IsFound(pattern)).ToArray();
        return rest.Length == 0 ? null : request with { Patterns = rest };
    }

    private static int List(IEnumerable<TestSuite> suites, TestRequest request, TestRequest? rest)
    {
        var names = suites.SelectMany(suite => (suite.ListsAtOnce ? request : rest) is { } own ? suite.List(own) : []).ToArray();
        if (names.Length == 0)
            throw NoSuchTest(request);
        foreach (var name in names)
            Print(name + "\n");
        return ExitStatus.Success;
    }

    private static CliFailure NoSuchTest(TestRequest request) =>
        new($"no test has such a name: {string.Join(' ', request.Patterns)} (jiffy test --list)", ExitStatus.Usage);

    private static void Print(string text) => Descriptors.Write(Descriptors.StandardOutput, text);
}
