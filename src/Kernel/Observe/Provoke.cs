// Kernel faults on demand, to see that they are reported and survived as they should: a kind written to
// /sys/kernel/debug/provoke-crash/DIRECT happens to the writer. The file is there only with the word "provoke" on the command line, and
// is the superuser's. Contexts: process; InReport in any. Linux: drivers/misc/lkdtm.
using System;
using System.Runtime.CompilerServices;
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Sync;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;
using Jiffy.Machine;

namespace Jiffy.Kernel.Observe;

internal static class Provoke
{
    private const long InterruptDelay = 1_000_000;
    private const long LongestLockup = 30_000_000_000;

    private static readonly int[] s_numbers = new int[4];
    private static SpinLock<SpinRank, PreemptionOff> s_spin;
    private static Mutex<SleepRank> s_mutex;
    private static HighResolutionTimer? s_timer;
    private static object? s_nothing;
    private static bool s_faultInReport, s_overruns;

    private readonly struct SpinRank : ILockRank
    {
        static LockRank ILockRank.Rank => LockRank.InodeTable;
    }

    private readonly struct SleepRank : ILockRank
    {
        static LockRank ILockRank.Rank => LockRank.FileContents;
    }

    /// <summary>Faults may be provoked.</summary>
    public static bool IsOn { get; private set; }

    /// <summary>What may be written.</summary>
    public static ReadOnlySpan<byte> Kinds =>
        "NULL INDEX DIVIDE OVERFLOW CAST ASSERT SOFTLOCKUP HARDLOCKUP STACK PANIC LOCKED MUTEX IRQSOFF IRQ IRQSTACK LOG SERIAL REPORT\n"u8;

    public static void Init(bool isOn)
    {
        IsOn = isOn;
        s_spin = default;
        s_mutex = default;
        s_nothing = null;
        s_faultInReport = s_overruns = false;
        s_timer = isOn ? new HighResolutionTimer(static timer => RingWrongly(timer), null) : null;
    }

    /// <summary>Makes a fault happen; comes back only with EINVAL: no such kind.</summary>
    public static Errno Now(ReadOnlySpan<byte> kind)
    {
        if (kind.SequenceEqual("INDEX"u8))
            Index(s_numbers.Length);
        else if (kind.SequenceEqual("DIVIDE"u8))
            Divide(s_numbers[0]);
        else if (kind.SequenceEqual("OVERFLOW"u8))
            Overflow(int.MaxValue);
        else if (kind.SequenceEqual("CAST"u8))
            Cast(s_numbers);
        else if (kind.SequenceEqual("ASSERT"u8))
            Assert(s_numbers[0] != 0);
        else if (kind.SequenceEqual("NULL"u8))
            Null();
        else if (kind.SequenceEqual("SOFTLOCKUP"u8))
            LockUpSoftly();
        else if (kind.SequenceEqual("HARDLOCKUP"u8))
            LockUpHard();
        else
            return NowFatal(kind);
        return Errno.None;
    }

    /// <summary>The kinds that end the machine.</summary>
    private static Errno NowFatal(ReadOnlySpan<byte> kind)
    {
        if (kind.SequenceEqual("STACK"u8))
            s_numbers[0] = Overrun(1);
        else if (kind.SequenceEqual("PANIC"u8))
            Panic.Stop("provoked");
        else if (kind.SequenceEqual("LOCKED"u8))
            WithSpinLock();
        else if (kind.SequenceEqual("MUTEX"u8))
            WithMutex();
        else if (kind.SequenceEqual("IRQSOFF"u8))
            WithInterruptsOff();
        else if (kind.SequenceEqual("IRQ"u8))
            InInterrupt();
        else if (kind.SequenceEqual("IRQSTACK"u8))
            InInterrupt(overruns: true);
        else if (kind.SequenceEqual("LOG"u8))
            KernelLog.FaultWhileLocked();
        else if (kind.SequenceEqual("SERIAL"u8))
            WithSerialLock();
        else if (kind.SequenceEqual("REPORT"u8))
            WithFaultyReport();
        else
            return Errno.EINVAL;
        return Errno.None;
    }

    /// <summary>Called by the report: faults there once, when told to.</summary>
    public static void InReport()
    {
        if (!s_faultInReport)
            return;
        s_faultInReport = false;
        Null();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Null() => s_numbers[0] = s_nothing!.GetHashCode();

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Index(int index) => s_numbers[index] = 1;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Divide(int divisor) => s_numbers[1] = s_numbers.Length / divisor;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Overflow(int number) => s_numbers[1] = checked(number + s_numbers.Length);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Cast(object something) => s_nothing = (HighResolutionTimer)something;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Assert(bool condition) => Invariant.That(condition, "what was provoked is true");

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Overrun(int depth)
    {
        Span<byte> waste = stackalloc byte[256];
        waste[depth & 255] = (byte)depth;
        return Overrun(depth + 1) + waste[depth + 1 & 255];
    }

    // Only until the watch has told of it; then the task goes on.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void LockUpSoftly()
    {
        using (s_spin.Acquire())
            Spin();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void LockUpHard()
    {
        var wereOn = Cpu.DisableInterrupts();
        Spin();
        Cpu.RestoreInterrupts(wereOn);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Spin()
    {
        var before = FaultReport.Notices;
        var end = Clock.Now + LongestLockup;
        while (Clock.Now < end && FaultReport.Notices == before)
            Cpu.Relax();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void WithSpinLock()
    {
        using (s_spin.Acquire())
            Null();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void WithMutex()
    {
        using (s_mutex.Acquire())
            Null();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void WithInterruptsOff()
    {
        Cpu.DisableInterrupts();
        Null();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void WithSerialLock()
    {
        using (KernelConsole.SerialLock.Acquire())
            Null();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void WithFaultyReport()
    {
        s_faultInReport = true;
        Null();
    }

    private static void InInterrupt(bool overruns = false)
    {
        s_overruns = overruns;
        s_timer!.StartIn(InterruptDelay);
        while (Volatile.Read(ref s_numbers[3]) == 0)
            Cpu.Relax();
    }

    private static TimerRestart RingWrongly(HighResolutionTimer timer)
    {
        if (s_overruns)
            s_numbers[0] = Overrun(1);
        Null();
        return TimerRestart.No;
    }
}
