// The kernel log: a ring of records that dmesg, syslog(2) and /dev/kmsg read, and the console shows when urgent enough.
// Contexts: any, hardirq and fault reports included. Lock: s_lock guards ring and counters; the console is written outside it.
// Readers are woken by the writer where that is allowed; elsewhere (interrupts, a lock held) by an interrupt that the CPU sends itself.
// No wake-up is lost: a reader queues itself and then looks for a record; a writer adds the record, passes a full barrier and then looks
// for readers. Linux: printk(), struct printk_ringbuffer, irq_work. man 2 syslog.
using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading;
using Jiffy.Kernel.Irq;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Sync;
using Jiffy.Kernel.Wait;
using Jiffy.Machine;

namespace Jiffy.Kernel.Observe;

/// <summary>Urgency, as syslog(3) numbers it.</summary>
public enum LogLevel
{
    Emergency = 0,
    Alert = 1,
    Critical = 2,
    Error = 3,
    Warning = 4,
    Notice = 5,
    Info = 6,
    Debug = 7,
}

/// <summary>One record's head.</summary>
public struct LogRecord
{
    public LogLevel Level;

    /// <summary>Who speaks, as syslog(3) numbers it: 0 the kernel, 1 programs.</summary>
    public int Facility;

    /// <summary>Level and facility in one number, as log daemons get them.</summary>
    public readonly int Priority => (Facility << 3) | (int)Level;

    /// <summary>Nanoseconds since start.</summary>
    public long Time;
    public long Sequence;
    public int Length;
}

public static class KernelLog
{
    /// <summary>Bytes of one record's text; longer messages are cut.</summary>
    public const int MaxText = 224;

    private const int Slots = 512;

    /// <summary>A record that says no level gets this one. Linux: MESSAGE_LOGLEVEL_DEFAULT.</summary>
    public const LogLevel DefaultLevel = LogLevel.Warning;

    /// <summary>The console's level at start: it shows errors and worse. And what <c>debug</c> on the command line makes it: all.</summary>
    public const int QuietLevel = (int)LogLevel.Warning, ShowsAll = 10;

    /// <summary>Facility of what programs write to /dev/kmsg.</summary>
    public const int UserFacility = 1;

    [InlineArray(MaxText)]
    private struct TextBytes
    {
        private byte _first;
    }

    private struct Slot
    {
        public LogRecord Record;
        public TextBytes Text;
    }

    private readonly struct Rank : ILockRank
    {
        static LockRank ILockRank.Rank => LockRank.Log;
    }

    private static SpinLock<Rank, IrqsOff> s_lock;
    private static Slot[]? s_slots;
    private static KernelArea s_area; // in place of s_slots once the ring was enlarged
    private static long s_next, s_clearedBefore, s_oldestMoved;
    private static int s_wakeWanted;

    /// <summary>Records more urgent than this go to the console: /proc/sys/kernel/printk's first number.</summary>
    public static int ConsoleLevel = QuietLevel;

    /// <summary>Sleepers on /dev/kmsg and syslog(2).</summary>
    public static WaitQueue Readers { get; private set; } = null!;

    public static void Init(int consoleLevel)
    {
        s_lock = default;
        s_slots = new Slot[Slots];
        s_area = default;
        s_oldestMoved = 0;
        s_next = 0;
        s_clearedBefore = 0;
        s_wakeWanted = 0;
        ConsoleLevel = consoleLevel;
        Readers = new WaitQueue();
    }

    // Empty before Init.
    private static Span<Slot> Ring => s_area.IsNone ? s_slots : MemoryMarshal.Cast<byte, Slot>(s_area.Bytes);

    /// <summary>How many records the ring keeps.</summary>
    public static int Capacity => Ring.Length;

    /// <summary>Bytes the ring takes.</summary>
    public static long Bytes => MemoryMarshal.AsBytes(Ring).Length;

    /// <summary>Sequence number of the oldest record kept.</summary>
    public static long First => Math.Max(s_oldestMoved, s_next - Capacity);

    /// <summary>Moves what is kept to a larger ring in <paramref name="area"/>, which belongs to the log from then on. Start-up, once.</summary>
    public static void Enlarge(KernelArea area)
    {
        var to = MemoryMarshal.Cast<byte, Slot>(area.Bytes);
        using (s_lock.Acquire())
        {
            Invariant.That(s_area.IsNone && to.Length >= Slots, "the log's ring grows once");
            var from = Ring;
            s_oldestMoved = First;
            for (var sequence = s_oldestMoved; sequence < s_next; sequence++)
                to[(int)(sequence % to.Length)] = from[(int)(sequence % from.Length)];
            s_area = area;
        }
    }

    /// <summary>Sequence number that the next record will get.</summary>
    public static long Next => s_next;

    /// <summary>Records before this were cleared away for syslog(2)'s readers.</summary>
    public static long ClearedBefore => s_clearedBefore;

    /// <summary>Hides all records so far from SYSLOG_ACTION_READ_ALL.</summary>
    public static void Clear() => s_clearedBefore = s_next;

    public static void Write(LogLevel level, ref LogMessage message) => Write(level, message.Text);

    public static void Write(LogLevel level, ReadOnlySpan<byte> text) => Write(level, 0, text);

    /// <summary>Adds a record; text beyond <see cref="MaxText"/> bytes is cut. Any context.</summary>
    public static void Write(LogLevel level, int facility, ReadOnlySpan<byte> text)
    {
        var time = Clock.Now;
        text = text.Slice(0, Math.Min(text.Length, MaxText));
        if (s_slots is not null)
        {
            var locked = ReportLock.Enter(ref s_lock, out var token);
            Store(Ring, new LogRecord { Level = level, Facility = facility, Time = time, Length = text.Length }, text);
            if (locked)
                s_lock.Release(token);
            WakeReaders();
        }

        if ((int)level < ConsoleLevel || FaultReport.IsReportingHere || Panic.HasBegun)
            Show(time, text);
    }

    /// <summary>For <see cref="Provoke"/>: a fault in the log's own code.</summary>
    internal static void FaultWhileLocked()
    {
        using (s_lock.Acquire())
            Provoke.Null();
    }

    private static void Store(Span<Slot> ring, LogRecord record, ReadOnlySpan<byte> text)
    {
        record.Sequence = s_next;
        ref var slot = ref ring[(int)(s_next % ring.Length)];
        slot.Record = record;
        Span<byte> bytes = slot.Text;
        text.CopyTo(bytes);
        Volatile.Write(ref s_next, s_next + 1);
    }

    private static void WakeReaders()
    {
        Interlocked.Exchange(ref s_wakeWanted, 1); // a full barrier
        if (Readers.IsEmpty || FaultReport.IsReportingHere || Panic.HasBegun)
            return;
        if (Context.MaySleep)
            WakeWaitingReaders();
        else
            Cpu.SendReschedule(Cpu.Id);
    }

    /// <summary>Wakes readers if there is something new. With no lock of rank WaitQueue or higher held: from process context and interrupts.</summary>
    internal static void WakeWaitingReaders()
    {
        if (Volatile.Read(ref s_wakeWanted) != 0 && Interlocked.Exchange(ref s_wakeWanted, 0) != 0)
            Readers.WakeUpAll();
    }

    /// <summary>Copies record <paramref name="sequence"/>; its text's length is in the record. False: not written yet or overwritten.</summary>
    public static bool TryRead(long sequence, out LogRecord record, Span<byte> text)
    {
        record = default;
        if (s_slots is null)
            return false;
        using (s_lock.Acquire())
        {
            if (sequence < First || sequence >= s_next)
                return false;
            var ring = Ring;
            ref var slot = ref ring[(int)(sequence % ring.Length)];
            record = slot.Record;
            Span<byte> bytes = slot.Text;
            bytes.Slice(0, Math.Min(record.Length, text.Length)).CopyTo(text);
            return true;
        }
    }

    /// <summary>Writes a line's head as dmesg shows it, <c>[    1.234567] </c>; its length. <paramref name="to"/>: 32 bytes.</summary>
    public static int FormatTime(Span<byte> to, long time)
    {
        var line = new TextWriter(to);
        line.Append($"[{time / 1_000_000_000,5}.{time / 1000 % 1_000_000:d6}] ");
        return line.Length;
    }

    private static void Show(long time, ReadOnlySpan<byte> text)
    {
        Span<byte> head = stackalloc byte[32];
        KernelConsole.WriteLine(head.Slice(0, FormatTime(head, time)), text);
    }
}

/// <summary>Formats a message into itself, on the caller's stack.</summary>
[InterpolatedStringHandler]
public ref struct LogMessage
{
    [InlineArray(KernelLog.MaxText)]
    private struct Buffer
    {
        private byte _first;
    }

    private Buffer _buffer;
    private int _length;

    public LogMessage(int literalLength, int formattedCount)
    {
        _buffer = default;
        _length = 0;
    }

    [System.Diagnostics.CodeAnalysis.UnscopedRef]
    public ReadOnlySpan<byte> Text
    {
        get
        {
            ReadOnlySpan<byte> all = _buffer;
            return all.Slice(0, _length);
        }
    }

    public void AppendLiteral(string text)
    {
        Span<byte> all = _buffer;
        var writer = new TextWriter(all.Slice(_length));
        writer.Append(text);
        _length += writer.Length;
    }

    public void AppendFormatted(string? text, int alignment = 0)
    {
        if (text is not null)
            AppendFormatted(text.AsSpan(), alignment);
    }

    public void AppendFormatted(scoped ReadOnlySpan<char> text, int alignment = 0)
    {
        Span<byte> all = _buffer;
        var writer = new TextWriter(all.Slice(_length));
        writer.Append(text, alignment);
        _length += writer.Length;
    }

    public void AppendFormatted(scoped ReadOnlySpan<byte> text, int alignment = 0)
    {
        Span<byte> all = _buffer;
        var writer = new TextWriter(all.Slice(_length));
        writer.Append(text, alignment);
        _length += writer.Length;
    }

    public void AppendFormatted(long value, int alignment = 0, string? format = null)
    {
        Span<byte> all = _buffer;
        var writer = new TextWriter(all.Slice(_length));
        writer.AppendNumber(value, alignment, format);
        _length += writer.Length;
    }

    public void AppendFormatted(ulong value, int alignment = 0, string? format = null)
    {
        Span<byte> all = _buffer;
        var writer = new TextWriter(all.Slice(_length));
        writer.AppendNumber(value, alignment, format);
        _length += writer.Length;
    }

    public void AppendFormatted(int value, int alignment = 0, string? format = null) => AppendFormatted((long)value, alignment, format);
}
