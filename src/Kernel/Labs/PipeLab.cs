// Experiment: the two sides of a pipe, each a thread on a CPU of its own: first the writer is the slower, so that the reader sleeps, then the
// reader is. Told for each call: when it began, when it went to sleep and had the CPU again (both zero: it did not sleep), when it returned.
// Guard: each side writes its own record, which is read when both have ended.
using System;
using System.Threading;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Ipc;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.SelfTests;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Labs;

internal static class PipeLab
{
    private const int Chunk = 1024, MostCalls = 200;

    private sealed class Side
    {
        public readonly long[] Began = new long[MostCalls], Slept = new long[MostCalls], Resumed = new long[MostCalls], Ended = new long[MostCalls];
        public int Calls;

        public void WriteTo(PagedText text, string name, long start)
        {
            Append(text, name, "began", Began, start);
            Append(text, name, "slept", Slept, start);
            Append(text, name, "resumed", Resumed, start);
            Append(text, name, "ended", Ended, start);
        }

        private void Append(PagedText text, string name, string what, long[] times, long start)
        {
            text.Append($" {name}_{what}=");
            for (var i = 0; i < Calls; i++)
                text.Append($"{(times[i] == 0 ? 0 : times[i] - start)},");
        }
    }

    private static Side s_reader = null!, s_writer = null!;
    private static Pipe s_pipe = null!;
    private static int s_left, s_calls;
    private static long s_quick, s_slow;

    public static void AddTo(DriverFile labs)
    {
        s_reader = new Side();
        s_writer = new Side();
        labs.Add("pipe", "2", "calls= quick= slow= (us): when the two sides of a pipe of four chunks sleep", static report => Run(report));
    }

    private static void Run(Report report)
    {
        s_calls = (int)Math.Clamp(report.Number("calls"u8, 16), 2, MostCalls);
        s_quick = report.Number("quick"u8, 5) * Helper.Microsecond;
        s_slow = report.Number("slow"u8, 40) * Helper.Microsecond;
        if (Pipe.Create(0, out var reader, out var writer) != Abi.Errno.None)
            return;
        s_pipe = (Pipe)reader!.Private!;
        s_pipe.SetCapacity(4 * Chunk);
        var start = Clock.Now;
        Volatile.Write(ref s_left, 2);
        Helper.Start("reader"u8, 0, 10, static _ => Live(s_reader, reads: true));
        Helper.Start("writer"u8, Helper.Other(0), 10, static _ => Live(s_writer, reads: false));
        Helper.WaitFor(static () => Volatile.Read(ref s_left) == 0);
        writer!.Drop();
        reader.Drop();
        report.Text.Append($"row calls={s_calls}");
        s_reader.WriteTo(report.Text, "reader", start);
        s_writer.WriteTo(report.Text, "writer", start);
        report.Text.Append("\n"u8);
    }

    private static int Live(Side side, bool reads)
    {
        Span<byte> chunk = stackalloc byte[Chunk];
        for (side.Calls = 0; side.Calls < s_calls; side.Calls++)
        {
            var isSecondHalf = side.Calls >= s_calls / 2;
            Helper.Spin(reads == isSecondHalf ? s_slow : s_quick);
            Call(side, reads, chunk);
        }

        Interlocked.Decrement(ref s_left);
        return 0;
    }

    // Alone on its CPU: the idle task had it from the moment of falling asleep.
    private static void Call(Side side, bool reads, Span<byte> chunk)
    {
        var at = side.Calls;
        var sleeps = Task.Current.VoluntarySwitches;
        side.Began[at] = Clock.Now;
        if (reads)
        {
            var to = new IoBuffer(chunk);
            s_pipe.Read(ref to, nonBlocking: false);
        }
        else
        {
            var from = new IoBuffer((ReadOnlySpan<byte>)chunk);
            s_pipe.Write(ref from, nonBlocking: false, packets: false);
        }

        side.Ended[at] = Clock.Now;
        var hasSlept = Task.Current.VoluntarySwitches != sleeps;
        side.Slept[at] = hasSlept ? Scheduler.IdleOf(Cpu.Id).RunningSince : 0;
        side.Resumed[at] = hasSlept ? Task.Current.RunningSince : 0;
    }
}
