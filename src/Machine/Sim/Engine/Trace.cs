// The run's history: the last steps for reports, and a hash of all of them to compare runs by.
using System;
using System.Text;

namespace Jiffy.Machine.Sim;

/// <summary>The kinds of observable step.</summary>
public enum PointKind
{
    InterruptsOff, InterruptsOn, Relax, Interleave, Halt, SendReschedule, SendCall, SetAlarm, Frame, PageTable,
    Flush, UserCopy, Device, Switch, User, Deliver, Enter,
}

internal sealed class Trace
{
    private const int Kept = 512;

    private readonly Entry[] _entries = new Entry[Kept];
    private long _count;
    private ulong _hash;

    private struct Entry
    {
        public int Cpu;
        public PointKind Kind;
        public long Time;
        public long Detail;
        public TaskContext? Context;
        public string? Place;

        public readonly bool IsLike(in Entry other) => Cpu == other.Cpu && Kind == other.Kind && Context == other.Context
            && Detail == other.Detail && Place == other.Place;
    }

    /// <summary>Note the calling place of each step: slow, for the replay of a failure.</summary>
    public bool RecordsPlaces { get; set; }

    public ulong Hash => _hash;
    public long Count => _count;

    public void Clear()
    {
        _count = 0;
        _hash = 14695981039346656037;
    }

    public void Add(SimCpu cpu, PointKind kind, long time, long detail)
    {
        _hash = (_hash ^ ((ulong)cpu.Id << 8 | (ulong)kind | (ulong)time << 16) ^ (ulong)detail << 48) * 1099511628211;
        ref var entry = ref _entries[_count++ & (Kept - 1)];
        entry.Cpu = cpu.Id;
        entry.Kind = kind;
        entry.Time = time;
        entry.Detail = detail;
        entry.Context = cpu.Running?.Context;
        entry.Place = RecordsPlaces ? StackTexts.Caller() : null;
    }

    /// <summary>The last steps, oldest first, one line each; what repeats is told once.</summary>
    public string Tell()
    {
        var text = new StringBuilder();
        for (var i = Math.Max(0, _count - Kept); i < _count;)
        {
            ref var entry = ref _entries[i & (Kept - 1)];
            var times = 1;
            while (++i < _count && entry.IsLike(_entries[i & (Kept - 1)]))
                times++;
            text.Append($"    {entry.Time,10} ns  ");
            text.Append(' ', 4 * entry.Cpu).Append($"cpu{entry.Cpu} {SimMachine.NameOf(entry.Context)}: ");
            text.Append(entry.Kind == PointKind.Deliver ? $"interrupt {(PendingInterrupts)entry.Detail}" : entry.Kind.ToString());
            text.Append(string.IsNullOrEmpty(entry.Place) ? "" : "  " + entry.Place);
            text.AppendLine(times == 1 ? "" : $"  ({times} times)");
        }
        return text.ToString();
    }
}
