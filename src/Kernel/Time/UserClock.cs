// The page from which user programs read the clocks by themselves: TimeKeeper's scale, under a sequence counter.
// Contexts: Init at boot; changes with TimeKeeper's lock held and interrupts off. Readers are user programs on any CPU, which take no
// lock (Machine/X64/Vdso/vdso.asm). Ordering: the counter is odd before the first word changes and even after the last one; x86 keeps
// stores in order. A change encloses the kernel's own (TimeKeeper): while one side could still tell the old time, the other does not
// tell the new one, so that a program that asks both ways never sees time go back. Linux: update_vsyscall(), struct vdso_data.
using System;
using System.Runtime.InteropServices;
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Machine;

namespace Jiffy.Kernel.Time;

public static class UserClock
{
    private static FrameNumber s_frame; // set at boot, once

    /// <summary>Before there is a page, changes of clocks need not be told to anybody.</summary>
    internal static void Reset() => s_frame = FrameNumber.None;

    /// <summary>Begins to keep the page up to date. Boot, after the clocks; <paramref name="frame"/> is zeros and stays for ever.</summary>
    public static void Init(FrameNumber frame)
    {
        var page = MemoryMarshal.Cast<byte, long>(Frames.Bytes(frame));
        page[UserCodePage.CoarseGrain] = Jiffies.Nanoseconds;
        s_frame = frame;
        TimeKeeper.TellUserClock();
    }

    private static Span<long> Page => MemoryMarshal.Cast<byte, long>(Frames.Bytes(s_frame));

    /// <summary>From here on readers wait. Interrupts off, TimeKeeper's lock held.</summary>
    internal static void BeginWrite()
    {
        if (s_frame.IsNone)
            return;
        Interlocked.Increment(ref Page[UserCodePage.Sequence]);
        Cpu.Interleave();
    }

    /// <summary>The clocks follow from the machine's as <paramref name="scale"/> says, and readers may go on.</summary>
    internal static void EndWrite(in TimeScale scale)
    {
        if (s_frame.IsNone)
            return;
        var page = Page;
        UserCode.Prepare(page);
        Volatile.Write(ref page[UserCodePage.MachineBase], scale.MachineBase);
        Volatile.Write(ref page[UserCodePage.MonotonicBase], scale.MonotonicBase);
        Volatile.Write(ref page[UserCodePage.Adjustment], scale.Adjustment);
        Volatile.Write(ref page[UserCodePage.Offsets + ClockId.CLOCK_REALTIME], scale.RealOffset);
        Cpu.Interleave();
        Volatile.Write(ref page[UserCodePage.Offsets + ClockId.CLOCK_REALTIME_COARSE], scale.RealOffset);
        Volatile.Write(ref page[UserCodePage.Offsets + ClockId.CLOCK_TAI], scale.RealOffset + scale.TaiOffset);
        Cpu.Interleave();
        Interlocked.Increment(ref page[UserCodePage.Sequence]);
    }
}
