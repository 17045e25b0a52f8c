// adjtimex and clock_adjtime: read and steer the clock. The settings become the clock's rate at each full second of real time, as long as there
// is something to slew; MONOTONIC_RAW never feels it.
// Contexts: Adjust in process context; the second's timer in hardirq. Lock: TimeKeeper's guards s_state (TimeKeeper.Adjust takes it).
// Linux: do_adjtimex(), __do_adjtimex(), second_overflow(). man 2 adjtimex.
using System;
using System.Buffers.Binary;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Time;

internal static class ClockAdjustment
{
    private const long Second = TimeKeeper.NanosecondsPerSecond;
    private const int MostTai = 100_000;

    private static ClockDiscipline s_state;
    private static HighResolutionTimer s_second = null!;

    /// <summary>Nothing is steered. Boot.</summary>
    public static void Init()
    {
        s_state = ClockDiscipline.Initial;
        s_second = new HighResolutionTimer(static _ => SecondBegins(), null, "ntp_second");
    }

    /// <summary>Real time was set: TimeKeeper's lock is held.</summary>
    public static void ForgetLocked() => s_state.Forget();

    /// <summary>
    /// Does what the struct timex at a user address asks for, and fills it. The clock's state, TIME_OK to TIME_ERROR; or a negated EFAULT, EPERM,
    /// EINVAL, with nothing changed. May sleep.
    /// </summary>
    public static long Adjust(ulong at)
    {
        Span<byte> timex = stackalloc byte[Timex.Bytes];
        if (!UserMemory.TryRead(at, timex))
            return -(long)Errno.EFAULT;
        var modes = BinaryPrimitives.ReadUInt32LittleEndian(timex);
        var error = Check(modes, timex);
        if (error != Errno.None)
            return -(long)error;
        if ((modes & Timex.ADJ_ADJTIME) == 0 && (modes & Timex.ADJ_SETOFFSET) != 0)
            TimeKeeper.StepRealTime(StepOf(modes, timex));
        var result = Apply(modes, timex);
        return UserMemory.TryWrite(at, timex) ? result : -(long)Errno.EFAULT;
    }

    private static long Field(ReadOnlySpan<byte> timex, int at) => BinaryPrimitives.ReadInt64LittleEndian(timex.Slice(at));

    private static Errno Check(uint modes, ReadOnlySpan<byte> timex)
    {
        var isAllowed = Task.Current.Credentials.Has(Capability.CAP_SYS_TIME);
        if ((modes & Timex.ADJ_ADJTIME) != 0)
        {
            if ((modes & Timex.ADJ_OFFSET) == 0)
                return Errno.EINVAL;
            return (modes & Timex.ADJ_OFFSET_READONLY) != 0 || isAllowed ? Errno.None : Errno.EPERM;
        }

        if (modes != 0 && !isAllowed)
            return Errno.EPERM;
        if ((modes & Timex.ADJ_TICK) != 0 && Field(timex, Timex.TickAt) is < 9_000 or > 11_000)
            return Errno.EINVAL;
        if ((modes & Timex.ADJ_SETOFFSET) == 0)
            return Errno.None;
        var parts = Field(timex, Timex.TimeAt + 8);
        var seconds = Field(timex, Timex.TimeAt);
        if (parts < 0 || parts >= ((modes & Timex.ADJ_NANO) != 0 ? Second : 1_000_000) || seconds is < -(1L << 32) or > 1L << 32)
            return Errno.EINVAL;

        // The clock must not come before the machine's start, nor run out of its range.
        var after = TimeKeeper.RealTime + StepOf(modes, timex);
        return after < TimeKeeper.Monotonic || after > long.MaxValue / 2 ? Errno.EINVAL : Errno.None;
    }

    private static long StepOf(uint modes, ReadOnlySpan<byte> timex) =>
        Field(timex, Timex.TimeAt) * Second + Field(timex, Timex.TimeAt + 8) * ((modes & Timex.ADJ_NANO) != 0 ? 1 : 1000);

    private static long Apply(uint modes, Span<byte> timex)
    {
        var request = new Request { Modes = modes, Timex = timex };
        TimeKeeper.AdjustClock(ref request);
        if (request.ChangesTai)
            TimeKeeper.SetTaiOffset(request.Tai);
        if (request.NeedsSecond)
            StartSecond();
        return request.Result;
    }

    /// <summary>One call, while TimeKeeper's lock is held.</summary>
    internal ref struct Request
    {
        public uint Modes;
        public Span<byte> Timex;
        public bool ChangesTai, NeedsSecond;
        public int Tai;
        public long Result;
    }

    /// <summary>Changes the settings, and the rate in <paramref name="scale"/>. TimeKeeper's lock is held.</summary>
    internal static void ApplyLocked(ref Request request, ref TimeScale scale)
    {
        var timex = request.Timex;
        var now = scale.ToMonotonic(Clock.Now);
        var real = now + scale.RealOffset;
        ref var state = ref s_state;
        var offset = state.SlewLeft;
        if ((request.Modes & Timex.ADJ_ADJTIME) != 0)
        {
            if ((request.Modes & Timex.ADJ_OFFSET_READONLY) == 0)
                state.SlewLeft = Math.Clamp(Field(timex, Timex.OffsetAt), -(1L << 40), 1L << 40);
        }
        else
        {
            ApplyModes(ref request, ref state, timex, now / Second);
            offset = (state.OffsetLeft >> ClockDiscipline.FractionBits) / (state.IsNano ? 1 : 1000);
        }

        // Slewing starts with the next second; a new frequency or tick at once.
        if (request.Modes != 0)
            scale.Adjustment = state.NextSecond(begins: false);
        request.NeedsSecond = state.NeedsSecond;
        request.Result = (state.Status & Timex.STA_UNSYNC) != 0 ? Timex.TIME_ERROR : state.State;
        Tell(timex, state, offset, real, now / Second);
    }

    private static void ApplyModes(ref Request request, ref ClockDiscipline state, ReadOnlySpan<byte> timex, long second)
    {
        var modes = request.Modes;
        if ((modes & Timex.ADJ_STATUS) != 0)
            state.SetStatus(BinaryPrimitives.ReadInt32LittleEndian(timex.Slice(Timex.StatusAt)));
        if ((modes & Timex.ADJ_NANO) != 0)
            state.Status |= Timex.STA_NANO;
        if ((modes & Timex.ADJ_MICRO) != 0)
            state.Status &= ~Timex.STA_NANO;
        if ((modes & Timex.ADJ_FREQUENCY) != 0)
            state.SetFrequency(Field(timex, Timex.FrequencyAt));
        if ((modes & Timex.ADJ_MAXERROR) != 0)
            state.SetMaxError(Field(timex, Timex.MaxErrorAt), second);
        if ((modes & Timex.ADJ_ESTERROR) != 0)
            state.EstimatedError = Math.Clamp(Field(timex, Timex.EstimatedErrorAt), 0, ClockDiscipline.MostError);
        var constant = Field(timex, Timex.ConstantAt);
        if ((modes & Timex.ADJ_TIMECONST) != 0)
            state.SetConstant(constant);
        request.ChangesTai = (modes & Timex.ADJ_TAI) != 0 && constant is >= 0 and <= MostTai;
        if (request.ChangesTai)
            request.Tai = state.TaiSeconds = (int)constant;
        if ((modes & Timex.ADJ_OFFSET) != 0)
            state.SetOffset(Field(timex, Timex.OffsetAt), second);
        if ((modes & Timex.ADJ_TICK) != 0)
            state.Tick = Field(timex, Timex.TickAt);
    }

    private static void Tell(Span<byte> timex, in ClockDiscipline state, long offset, long real, long second)
    {
        timex.Clear();
        var time = TimeSpec.From(real);
        Put(timex, Timex.OffsetAt, offset);
        Put(timex, Timex.FrequencyAt, state.Frequency / ClockDiscipline.PerMillionth);
        Put(timex, Timex.MaxErrorAt, state.MaxErrorAt(second));
        Put(timex, Timex.EstimatedErrorAt, state.EstimatedError);
        BinaryPrimitives.WriteInt32LittleEndian(timex.Slice(Timex.StatusAt), state.Status);
        Put(timex, Timex.ConstantAt, state.Constant);
        Put(timex, Timex.PrecisionAt, 1);
        Put(timex, Timex.ToleranceAt, 500 << ClockDiscipline.FractionBits);
        Put(timex, Timex.TimeAt, time.Seconds);
        Put(timex, Timex.TimeAt + 8, state.IsNano ? time.Nanoseconds : time.Nanoseconds / 1000);
        Put(timex, Timex.TickAt, state.Tick);
        BinaryPrimitives.WriteInt32LittleEndian(timex.Slice(Timex.TaiAt), state.TaiSeconds);
    }

    private static void Put(Span<byte> timex, int at, long value) => BinaryPrimitives.WriteInt64LittleEndian(timex.Slice(at), value);

    // On atomic time, whose seconds begin with those of real time, and which goes on evenly when a leap second comes.
    private static void StartSecond()
    {
        var now = TimeKeeper.AtomicTime;
        s_second.Start(now - now % Second + Second, ClockBase.Tai);
    }

    // Hardirq, at a full second of real time.
    private static TimerRestart SecondBegins()
    {
        // Started, not answered Yes: adjtimex may start it on another CPU at the same time.
        if (TimeKeeper.BeginSecond())
            StartSecond();
        return TimerRestart.No;
    }

    /// <summary>A second begins. True: another one is wanted. TimeKeeper's lock is held.</summary>
    internal static bool BeginSecondLocked(ref TimeScale scale)
    {
        var second = (scale.ToMonotonic(Clock.Now) + scale.RealOffset) / Second;
        scale.RealOffset += s_state.Leap(second) * Second;
        scale.LeapAt = s_state.InsertionAt * Second;
        scale.TaiOffset = s_state.TaiSeconds * Second;
        scale.Adjustment = s_state.NextSecond(begins: true);
        return s_state.NeedsSecond;
    }
}
