// Runs the program of TaskProgram on one kernel in one machine, and reads what it measured from the console as it comes.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading;
using Jiffy.Cli.Host;
using Jiffy.Cli.Root;

namespace Jiffy.Cli.Bench;

/// <summary>One round: so many operations took so long.</summary>
/// <param name="Ticks">Of the TSC, which under --icount counts instructions.</param>
internal readonly record struct TaskRound(long Operations, long Nanoseconds, long Ticks);

/// <summary>What became of a row on one kernel.</summary>
/// <param name="Failure">Why it failed, or null.</param>
/// <param name="Omission">Why it was not tried, or null.</param>
internal sealed record TaskResult(string Row, IReadOnlyList<TaskRound> Rounds, string? Failure = null, string? Omission = null)
{
    /// <summary>The rounds' median for one operation: ticks of the TSC or nanoseconds. Null when there is none.</summary>
    public double? Cost(bool inTicks)
    {
        var costs = Rounds.Select(round => (double)(inTicks ? round.Ticks : round.Nanoseconds) / round.Operations).Order().ToArray();
        return costs.Length == 0 ? null : costs[costs.Length / 2];
    }
}

/// <summary>A kernel and the machine it is measured on.</summary>
internal sealed record TaskSubject(string Name, MachineOptions Machine);

internal static class TaskBench
{
    /// <summary>
    /// String instructions that promise to be fast are one instruction for each byte to the emulator's count; without the promise both kernels
    /// clear and copy pages by plain stores.
    /// </summary>
    public const string Processor = "max,-erms";

    // No patches against the processor's faults, no random addresses, and the TSC as clock, as on Jiffy.
    private const string LinuxWords = "mitigations=off nokaslr norandmaps tsc=reliable";

    // A round of the slowest row takes a second or so where the host has other work; the boot of Linux ten.
    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(120);

    public static TaskSubject Subject(string name, string? kernel, int cpus, bool counts, Acceleration acceleration) =>
        new(name, new MachineOptions
        {
            Kernel = kernel,
            Cpus = cpus,
            CountsInstructions = counts,
            Acceleration = acceleration,
            Processor = acceleration == Acceleration.Kvm ? "max" : Processor,
            Append = kernel is null ? "" : LinuxWords,
        });

    /// <summary>What a reader of the figures must know of the other kernel.</summary>
    public static string LinuxTerms => $"Linux runs with its distribution's configuration and `{LinuxWords}`.";

    /// <summary>Measures the rows; tells each result as it comes, and a failure for each that did not.</summary>
    public static void Run(TaskSubject subject, IReadOnlyList<string> rows, int rounds, Action<TaskResult> done)
    {
        using var scratch = new ScratchDirectory();
        using var guardian = new Guardian();
        var archive = TaskProgram.Archive(scratch, TaskProgram.Build(), rounds, scale: 1, rows);
        using var machine = VirtualMachine.Start(subject.Machine, new MachineFiles(archive, scratch.File("debug-console")), guardian);
        using var silence = new Timer(_ => machine.Kill(), null, LongestSilence, Timeout.InfiniteTimeSpan);
        var reader = new Reader(rows, result =>
        {
            silence.Change(LongestSilence, Timeout.InfiniteTimeSpan);
            done(result);
        });
        reader.ReadAll(machine.Output);
        reader.Finish(machine.End());
    }

    /// <summary>Puts the lines of one row together. The kernel's and the guest's own words on the console are passed over.</summary>
    private sealed class Reader(IReadOnlyList<string> rows, Action<TaskResult> done)
    {
        private readonly HashSet<string> _closed = [];
        private readonly List<TaskRound> _rounds = [];
        private readonly StringBuilder _line = new();
        private readonly StringBuilder _other = new();
        private string? _row;

        public void ReadAll(Stream console)
        {
            var marks = new ConsoleMarks();
            var buffer = new byte[1 << 12];
            for (int count; (count = console.Read(buffer)) > 0;)
                foreach (var piece in marks.Take(buffer.AsMemory(0, count)))
                    foreach (var letter in Encoding.UTF8.GetString(piece.Output.Span))
                        Take(letter);
        }

        /// <summary>The rows that did not come have failed.</summary>
        public void Finish(MachineEnd end)
        {
            CloseRow();
            foreach (var row in rows.Where(row => !_closed.Contains(row)))
                Close(new TaskResult(row, [], Failure: $"the machine ended first ({end.Outcome}): {LastWords(end)}"));
        }

        private string LastWords(MachineEnd end)
        {
            var said = (_other + end.DebugConsole + end.Messages).TrimEnd();
            return said[Math.Max(0, said.Length - 400)..];
        }

        private void Take(char letter)
        {
            if (letter == '\r')
                return;
            if (letter != '\n')
            {
                _line.Append(letter);
                return;
            }
            var line = _line.ToString();
            _line.Clear();
            Obey(line, line.Split(' '));
        }

        private void Obey(string line, string[] words)
        {
            if (words is ["round", var row, var operations, var nanoseconds, var ticks])
            {
                if (row != _row)
                    CloseRow();
                _row = row;
                _rounds.Add(new TaskRound(Number(operations), Number(nanoseconds), Number(ticks)));
            }
            else if (words is ["skip" or "fail", _, ..])
            {
                CloseRow();
                var why = string.Join(' ', words[2..]);
                Close(words[0] == "skip" ? new TaskResult(words[1], [], Omission: why) : new TaskResult(words[1], [], Failure: why));
            }
            else if (line == "end")
            {
                CloseRow();
            }
            else
            {
                _other.Append(line).Append('\n');
            }
        }

        private void CloseRow()
        {
            if (_row is not null)
                Close(new TaskResult(_row, _rounds.ToArray()));
            _row = null;
            _rounds.Clear();
        }

        private void Close(TaskResult result)
        {
            _closed.Add(result.Row);
            done(result);
        }

        private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);
    }
}
