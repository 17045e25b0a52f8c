// The two sides of a pipe as a time line.
using System.Collections.Generic;
using System.Globalization;
using System.Linq;

namespace Jiffy.Cli.Lab;

internal sealed class PipeExperiment : Lab
{
    private static readonly string[] Sides = ["reader", "writer"];

    public override string Name => "pipe";

    public override string Title => "The pipe's two sides as a time line";

    public override string Document => Documents.TaskSwitch;

    public override string Claim =>
        "A read from an empty pipe sleeps on a wait queue, interruptibly, and lets go of the pipe before; the write that fills it wakes the reader. A write to a full pipe sleeps "
        + "in the same way until a reader has made room. Each sleep costs a voluntary switch away, and the wake-up perhaps a preemption.";

    public override string Method =>
        "A pipe of four chunks, a reader and a writer on two CPUs. In the first half of their calls the writer computes longer between them than the reader, in the second half it is "
        + "the other way round. Told for each call: its begin and end, when it fell asleep, and when it had the CPU again.";

    private sealed record Call(string Side, int Number, double Began, double Slept, double Resumed, double Ended)
    {
        public bool HasSlept => Resumed > 0;
    }

    public override LabResult Run(LabRequest request)
    {
        var calls = request.IsQuick ? 12 : 24;
        var row = Measurement.Run(request, cpus: 2, Name, [$"calls={calls}"])[0];
        var all = Sides.SelectMany(side => Calls(row, side)).OrderBy(call => call.Began).ToArray();
        var table = new LabTable("microseconds from the start",
            ["side", "call", "begins", "falls asleep", "has the CPU again", "ends"],
            all.Select(call => (IReadOnlyList<string>)
            [
                call.Side, Text(call.Number + 1), Measurement.Micro(call.Began), call.HasSlept ? Measurement.Micro(call.Slept) : "",
                call.HasSlept ? Measurement.Micro(call.Resumed) : "", Measurement.Micro(call.Ended),
            ]).ToArray());
        return new LabResult([table], [], Judge(all, calls), [new LabPage("pipe.svg", Draw(all))]);
    }

    private static IEnumerable<Call> Calls(Row row, string side)
    {
        var (began, slept, resumed, ended) =
            (row.Values[$"{side}_began"], row.Values[$"{side}_slept"], row.Values[$"{side}_resumed"], row.Values[$"{side}_ended"]);
        return began.Select((time, index) => new Call(side, index, time, slept[index], resumed[index], ended[index]));
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Draw(IReadOnlyList<Call> calls)
    {
        var spans = new List<TimeSpanOnLane>();
        foreach (var call in calls)
        {
            spans.Add(new TimeSpanOnLane(call.Side, call.Began, call.HasSlept ? call.Slept : call.Ended, LaneState.InCall));
            if (!call.HasSlept)
                continue;
            spans.Add(new TimeSpanOnLane(call.Side, call.Slept, call.Resumed, LaneState.Asleep));
            spans.Add(new TimeSpanOnLane(call.Side, call.Resumed, call.Ended, LaneState.InCall));
        }

        var arrows = calls.Where(call => call.HasSlept).Select(call => (Sleeper: call, Waker: Waker(calls, call))).Where(pair => pair.Waker is not null)
            .Select(pair => new LaneArrow(pair.Waker!.Side, pair.Waker.Began, pair.Sleeper.Side, pair.Sleeper.Resumed));
        return Timeline.Draw("A pipe's reader and writer: who sleeps, and whose call ends it", "microseconds", Sides, spans, arrows.ToArray(), 1000);
    }

    /// <summary>The last call of the other side that began before the sleeper had the CPU again.</summary>
    private static Call? Waker(IEnumerable<Call> calls, Call sleeper) =>
        calls.LastOrDefault(call => call.Side != sleeper.Side && call.Began <= sleeper.Resumed && call.Ended >= sleeper.Slept);

    private static Finding[] Judge(Call[] calls, int count)
    {
        int Sleeps(string side, bool first) => calls.Count(call => call.Side == side && call.HasSlept && call.Number < count / 2 == first);
        var sleepers = calls.Where(call => call.HasSlept).ToArray();
        return
        [
            new("while the writer is the slower the reader sleeps in most of its calls, and the writer in none",
                Sleeps("reader", first: true) > count / 4 && Sleeps("writer", first: true) == 0),
            new("while the reader is the slower the writer sleeps when the pipe is full", Sleeps("writer", first: false) > 0),
            new("every sleep is ended by a call of the other side", sleepers.Length > 0 && sleepers.All(call => Waker(calls, call) is not null)),
            new("a sleep lies within its call", sleepers.All(call => call.Began <= call.Slept && call.Slept <= call.Resumed && call.Resumed <= call.Ended)),
        ];
    }
}
