// Runs guest cases that share a kind of machine in as few boots as possible: all in one, and after a case that hangs,
// panics or resets the machine, the rest in the next. Such a case fails alone.
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using Jiffy.Cli.Host;
using Jiffy.Cli.Root;

namespace Jiffy.Cli.Testing.Guest;

/// <summary>The machine that a set of cases shares.</summary>
internal sealed record BatchMachine(int Cpus, int Memory, string Append, string Packages, bool CountsInstructions);

internal sealed class BatchRunner(MachineOptions machine, IReadOnlyList<CaseRun> runs, Action<TestResult> report, string part = GuestSuite.PartName)
{
    private static readonly TimeSpan BootLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan PowerOffLimit = TimeSpan.FromSeconds(20);

    // The guest ends a case after its own limit, and its children two seconds later; then it has failed to.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(15);

    // With a kernel this broken the rest would only cost hours.
    private const int MostLost = 10;

    private string PowerOffName => $"{part}/power-off@{machine.Cpus}";

    public void Run()
    {
        var left = runs.ToList();
        var lost = 0;
        while (left.Count > 0)
        {
            using var scratch = new ScratchDirectory();
            using var boot = new Boot(machine, left.Select(run => run.Case).ToArray(), scratch);
            if (boot.WaitForMark(mark => mark == ConsoleMarks.Ready, BootLimit) is { } problem)
            {
                // A machine that does not come up must not cost a minute for each case.
                report(new TestResult(left[0].FullName, false, BootLimit, boot.Explain($"the guest did not boot: {problem}")));
                FailAll(left.Skip(1), "the guest did not boot, see above");
                return;
            }
            while (left.Count > 0)
            {
                var run = left[0];
                left.RemoveAt(0);
                var watch = Stopwatch.StartNew();
                var failure = boot.RunCase(run.Case, Grace);
                report(new TestResult(run.FullName, failure is null, watch.Elapsed, failure ?? ""));
                if (!boot.IsUsable)
                    break;
            }
            if (boot.IsUsable)
                FinishBoot(boot);
            else if (++lost == MostLost)
            {
                FailAll(left, $"not run: {MostLost} tests before it took the machine down");
                return;
            }
        }
    }

    private void FailAll(IEnumerable<CaseRun> runs, string why)
    {
        foreach (var run in runs)
            report(new TestResult(run.FullName, false, TimeSpan.Zero, why));
    }

    /// <summary>All cases done: the machine must now power itself off.</summary>
    private void FinishBoot(Boot boot)
    {
        var watch = Stopwatch.StartNew();
        var problem = boot.WaitForPowerOff(PowerOffLimit);
        report(new TestResult(PowerOffName, problem is null, watch.Elapsed, problem ?? ""));
    }

    /// <summary>One boot of the machine with the cases still to run.</summary>
    private sealed class Boot : IDisposable
    {
        private readonly Guardian _guardian = new();
        private readonly VirtualMachine _machine;
        private readonly CaseConsole _console;
        private CaseTranscript _transcript = new();

        public Boot(MachineOptions options, IReadOnlyList<GuestCase> cases, ScratchDirectory scratch)
        {
            var archive = scratch.File("root.cpio");
            CaseRoot.Create(cases).WriteTo(archive);
            _machine = VirtualMachine.Start(options, new MachineFiles(archive, scratch.File("debug-console")), _guardian);
            _console = new CaseConsole(_machine.Output, keys => _machine.Type(keys));
        }

        /// <summary>False once a case has taken the machine down with it.</summary>
        public bool IsUsable { get; private set; } = true;

        public string? RunCase(GuestCase item, TimeSpan grace)
        {
            _transcript = new CaseTranscript();
            var problem = WaitForMark(mark => mark == BatchScript.Begin + item.Name, grace);
            if (problem is not null)
                return Abandon(problem);
            _transcript = new CaseTranscript();
            var deadline = DateTime.UtcNow + TimeSpan.FromSeconds(item.Timeout);
            var end = item.Kind == CaseKind.Terminal ? PlayTerminal(item, deadline, ref problem) : null;
            if (problem is not null)
                return Abandon(problem);
            end ??= WaitForEnd(deadline + grace, ref problem);
            if (end is null)
                return Abandon(problem ?? "no end");
            var status = int.TryParse(end.Split(';')[^1], out var number) ? number : -1;
            var verdict = item.Judge(status, _transcript.ToString());
            if (verdict is not null && DateTime.UtcNow >= deadline)
                verdict = $"the time limit of {item.Timeout} s ended it ({verdict})";
            return verdict is null ? null : Explain(verdict);
        }

        /// <summary>Null when a mark came that fits, else what happened instead.</summary>
        public string? WaitForMark(Func<string, bool> fits, TimeSpan limit)
        {
            var deadline = DateTime.UtcNow + limit;
            while (_console.TryTake(deadline, out var piece))
            {
                if (piece.Mark is not { } mark)
                    _transcript.Add(piece.Output.Span);
                else if (fits(mark))
                    return null;
            }
            return Silence();
        }

        public string? WaitForPowerOff(TimeSpan limit)
        {
            _transcript = new CaseTranscript();
            if (WaitForMark(mark => mark.StartsWith(ConsoleMarks.StatusPrefix, StringComparison.Ordinal), limit) is { } problem)
                return Abandon(problem);
            if (!_machine.WaitForEnd(limit))
                return Abandon("the machine did not power off");
            var end = _machine.End();
            return end.Outcome == MachineOutcome.PoweredOff ? null : Explain($"the machine ended as {end.Outcome} (QEMU status {end.QemuStatus})");
        }

        /// <summary>The problem with what the console showed last, and what the kernel reported.</summary>
        public string Explain(string problem)
        {
            var text = _transcript.ToString();
            var report = _console.HasEnded ? _machine.End() : null;
            return $"{problem}\n{(text.Length > 0 ? $"--- console\n{text}" : "")}"
                + (report is { DebugConsole.Length: > 0 } ? $"\n--- debug console\n{report.DebugConsole}" : "")
                + (report is { Messages.Length: > 0 } ? $"\n--- QEMU\n{report.Messages}" : "");
        }

        public void Dispose()
        {
            _machine.Dispose();
            _guardian.Dispose();
        }

        private string? PlayTerminal(GuestCase item, DateTime deadline, ref string? problem)
        {
            var header = CaseHeader.Read(item.File);
            var player = new TerminalPlayer(_console, _transcript);
            problem = player.Play(TerminalScript.Read(header), deadline);
            return player.Mark;
        }

        private string? WaitForEnd(DateTime deadline, ref string? problem)
        {
            string? found = null;
            problem = WaitForMark(mark => (found = mark).StartsWith(BatchScript.End, StringComparison.Ordinal), deadline - DateTime.UtcNow);
            return problem is null ? found : null;
        }

        private string Silence() => _console.HasEnded
            ? _machine.End().Outcome switch
            {
                MachineOutcome.Panicked => "the kernel panicked",
                MachineOutcome.PoweredOff => "the machine powered off or was reset",
                var outcome => $"the machine ended ({outcome})",
            }
            : "no answer in time; the machine hangs";

        private string Abandon(string problem)
        {
            IsUsable = false;
            if (!_console.HasEnded)
                _machine.Kill();
            return Explain(problem);
        }
    }
}
