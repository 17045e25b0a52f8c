// The clock's discipline: what adjtimex sets, second by second made into the rate of the clock. A phase-locked loop takes off a part of the
// remaining offset each second and moves the frequency; the old adjtime takes off at most 500 microseconds each second; a leap second is
// put in or left out at midnight. A value: whoever holds TimeKeeper's lock works on it. Linux: kernel/time/ntp.c. RFC 1589, RFC 5905.
using System;
using Jiffy.Kernel.Abi;

namespace Jiffy.Kernel.Time;

internal struct ClockDiscipline
{
    public const long UsualTick = 10_000; // microseconds of a hundredth of a second
    public const long MostError = 16_000_000;

    /// <summary>Nanoseconds in each second, in 65536ths: the unit of Frequency and OffsetLeft. adjtimex counts in 65536ths of a millionth.</summary>
    public const int FractionBits = 16;
    public const long PerMillionth = 1000;
    private const long MostFrequency = 500 * PerMillionth << FractionBits;
    private const long MostPhase = 500_000_000, MostSlewPerSecond = 500_000;
    private const int LoopShift = 2, MostConstant = 10;
    private const long ShortestFll = 256, LongestPll = 2048;
    private const long Second = TimeKeeper.NanosecondsPerSecond, Day = 86_400;

    public int Status, State, TaiSeconds;
    public long Tick, Frequency, Constant, MaxError, EstimatedError;

    /// <summary>What the loop has still to take off, in 65536ths of a nanosecond; and the old adjtime, in microseconds.</summary>
    public long OffsetLeft, SlewLeft;

    /// <summary>When the loop's offset was last set, and when the error was: monotonic seconds. When the leap second comes: seconds since 1970.</summary>
    private long _offsetSetAt, _errorSetAt, _leapAt;

    /// <summary>What the present second takes off, in 65536ths of a nanosecond.</summary>
    private long _part;

    public static ClockDiscipline Initial => new()
    {
        Status = Timex.STA_UNSYNC,
        State = Timex.TIME_OK,
        Tick = UsualTick,
        Constant = LoopShift,
        MaxError = MostError,
        EstimatedError = MostError,
    };

    /// <summary>The clock was set by hand: nothing is left to be slewed, and nobody vouches for it.</summary>
    public void Forget()
    {
        SlewLeft = 0;
        OffsetLeft = 0;
        if (State is Timex.TIME_INS or Timex.TIME_DEL)
            State = Timex.TIME_OK; // the next second looks where midnight is now
        Status |= Timex.STA_UNSYNC;
        MaxError = MostError;
        EstimatedError = MostError;
    }

    public readonly bool IsNano => (Status & Timex.STA_NANO) != 0;

    /// <summary>Something is to be done, or ends, at the next full second.</summary>
    public readonly bool NeedsSecond =>
        _part != 0 || OffsetLeft >> FractionBits != 0 || SlewLeft != 0 || State != Timex.TIME_OK || (Status & (Timex.STA_INS | Timex.STA_DEL)) != 0;

    /// <summary>The largest error in microseconds by now: it grows by 500 each second.</summary>
    public readonly long MaxErrorAt(long monotonicSecond) => Math.Min(MostError, MaxError + 500 * (monotonicSecond - _errorSetAt));

    public void SetMaxError(long microseconds, long monotonicSecond)
    {
        MaxError = Math.Clamp(microseconds, 0, MostError);
        _errorSetAt = monotonicSecond;
    }

    public void SetStatus(int status)
    {
        if ((Status & Timex.STA_PLL) != 0 && (status & Timex.STA_PLL) == 0)
        {
            State = Timex.TIME_OK;
            Status = Timex.STA_UNSYNC;
        }

        Status = Status & Timex.STA_RONLY | status & ~Timex.STA_RONLY;
    }

    public void SetFrequency(long scaledPpm) =>
        Frequency = Bound(Math.Clamp(scaledPpm, -(1L << 40), 1L << 40) * PerMillionth);

    public void SetConstant(long constant) => Constant = Math.Clamp(constant + (IsNano ? 0 : 4), 0, MostConstant);

    /// <summary>A new offset for the loop, in nano- or microseconds as the status says.</summary>
    public void SetOffset(long offset, long monotonicSecond)
    {
        if ((Status & Timex.STA_PLL) == 0)
            return;
        if (!IsNano)
            offset = Math.Clamp(offset, -1_000_000, 1_000_000) * 1000;
        offset = Math.Clamp(offset, -MostPhase, MostPhase);
        var passed = (Status & Timex.STA_FREQHOLD) != 0 ? 0 : monotonicSecond - _offsetSetAt;
        _offsetSetAt = monotonicSecond;
        Status &= ~Timex.STA_MODE;
        var change = 0L;
        if (passed >= ShortestFll && ((Status & Timex.STA_FLL) != 0 || passed > LongestPll))
        {
            Status |= Timex.STA_MODE;
            change = (offset << FractionBits - LoopShift) / passed;
        }

        // A frequency change of offset * time / (4 * constant)^2, in nanoseconds each second.
        passed = Math.Min(passed, 1L << (LoopShift + 1 + (int)Constant));
        change += Shifted(offset * passed, FractionBits - 2 * (LoopShift + 2 + (int)Constant));
        Frequency = Bound(Frequency + change);
        OffsetLeft = offset << FractionBits;
    }

    private static long Shifted(long value, int bits) => bits >= 0 ? value << bits : value >> -bits;

    private static long Bound(long frequency) => Math.Clamp(frequency, -MostFrequency, MostFrequency);

    /// <summary>A second of real time begins, or the settings changed: takes this second's part of what is left. The rate's adjustment, in 2^-32.</summary>
    public long NextSecond(bool begins)
    {
        if (begins)
        {
            var part = OffsetLeft >> LoopShift + (int)Constant;
            OffsetLeft -= part;
            var slew = Math.Clamp(SlewLeft, -MostSlewPerSecond / 1000, MostSlewPerSecond / 1000);
            SlewLeft -= slew;
            _part = part + (slew * 1000 << FractionBits);
        }

        var gain = ((Tick - UsualTick) * 100_000 << FractionBits) + Frequency + _part;
        return (gain << TimeScale.Shift - FractionBits) / Second;
    }

    /// <summary>The midnight before which a second is to be inserted, in seconds since 1970; zero: none.</summary>
    public readonly long InsertionAt => State == Timex.TIME_INS ? _leapAt : 0;

    /// <summary>The leap second's machine, at the beginning of a second: how many seconds to step real time by.</summary>
    public int Leap(long realSecond)
    {
        switch (State)
        {
            case Timex.TIME_OK when (Status & (Timex.STA_INS | Timex.STA_DEL)) != 0:
                var midnight = realSecond + Day - realSecond % Day;
                State = (Status & Timex.STA_INS) != 0 ? Timex.TIME_INS : Timex.TIME_DEL;
                _leapAt = State == Timex.TIME_INS ? midnight : midnight - 1;
                break;
            case Timex.TIME_INS or Timex.TIME_DEL when (Status & (Timex.STA_INS | Timex.STA_DEL)) == 0:
                State = Timex.TIME_OK;
                break;
            case Timex.TIME_INS when realSecond >= _leapAt:
                State = Timex.TIME_OOP;
                TaiSeconds++;
                return -1;
            case Timex.TIME_DEL when realSecond >= _leapAt:
                State = Timex.TIME_WAIT;
                TaiSeconds--;
                return 1;
            case Timex.TIME_OOP:
                State = Timex.TIME_WAIT;
                break;
            case Timex.TIME_WAIT when (Status & (Timex.STA_INS | Timex.STA_DEL)) == 0:
                State = Timex.TIME_OK;
                break;
        }

        return 0;
    }
}
