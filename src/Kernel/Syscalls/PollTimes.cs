// Time-outs and temporary signal masks of ppoll and pselect6.
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Signals;
using Jiffy.Kernel.Time;

namespace Jiffy.Kernel.Syscalls;

internal static class PollTimes
{
    private const ulong SetBytes = 8;

    /// <summary>A timespec in user memory as a monotonic deadline: none for a null address, 0 for no waiting. EFAULT, EINVAL.</summary>
    public static long ReadDeadline(ulong address, out Errno error)
    {
        error = Errno.None;
        if (address == 0)
            return long.MaxValue;
        if (!UserAccess.TryRead(address, out TimeSpec time))
            error = Errno.EFAULT;
        else if (!time.IsValid)
            error = Errno.EINVAL;
        return error == Errno.None ? PollCalls.DeadlineIn(time.Seconds, time.Nanoseconds) : 0;
    }

    /// <summary>Nanoseconds left until a deadline.</summary>
    public static long Rest(long deadline) =>
        deadline is 0 or long.MaxValue ? 0 : System.Math.Max(0, deadline - TimeKeeper.Monotonic);

    /// <summary>Stores what is left of the time; a bad address no longer matters.</summary>
    public static void WriteRest(ulong address, long deadline)
    {
        if (address == 0)
            return;
        var rest = Rest(deadline);
        var time = new TimeSpec { Seconds = rest / TimeKeeper.NanosecondsPerSecond, Nanoseconds = rest % TimeKeeper.NanosecondsPerSecond };
        UserAccess.TryWrite(address, time);
    }

    /// <summary>Uses the mask at an address, if there is one, while the call waits. EINVAL, EFAULT.</summary>
    public static Errno SetMask(ulong address, ulong size)
    {
        if (address == 0)
            return Errno.None;
        if (size != SetBytes)
            return Errno.EINVAL;
        if (!UserAccess.TryRead(address, out ulong bits))
            return Errno.EFAULT;
        SignalWait.UseTemporarily(new SignalSet(bits));
        return Errno.None;
    }

    /// <summary>Takes the mask back unless a signal ended the call: then its delivery does.</summary>
    public static void RestoreMask(ulong address, long result)
    {
        if (address != 0 && result is not (-(long)Errno.ERESTARTNOHAND or -(long)Errno.EINTR))
            SignalWait.EndTemporary();
    }
}
