// poll, ppoll, select, pselect6. The descriptors' array stays in user memory and is gone over in pieces; with nothing ready the
// caller sleeps until a file that was asked tells of something. man 2 poll, select.
using System;
using System.Runtime.InteropServices;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;
using Jiffy.Machine;

namespace Jiffy.Kernel.Syscalls;

using static FileConstants;

public static class PollCalls
{
    private const int PieceLength = 32;

    /// <summary>struct pollfd.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct PollDescriptor
    {
        public const int Bytes = 8;

        public int Descriptor;
        public short Events, Returned;
    }

    /// <summary>poll: <paramref name="timeout"/> in milliseconds, negative for ever.</summary>
    public static long Poll(ulong array, uint count, int timeout)
    {
        var deadline = timeout < 0 ? long.MaxValue : DeadlineIn(timeout / 1000, timeout % 1000 * 1_000_000L);
        return PollUntil(array, count, deadline);
    }

    /// <summary>When no handler ran, it goes on until the same moment.</summary>
    internal static long PollUntil(ulong array, uint count, long deadline)
    {
        var result = Poll(array, count, deadline);
        if (result != -(long)Errno.ERESTARTNOHAND)
            return result;
        Task.Current.Restart = new RestartBlock { Kind = RestartKind.Poll, Deadline = deadline, Address = array, First = count };
        return -(long)Errno.ERESTART_RESTARTBLOCK;
    }

    /// <summary>ppoll: the mask in force while waiting, and the rest of the time put back.</summary>
    public static long PPoll(ulong array, uint count, ulong timeout, ulong mask, ulong maskSize)
    {
        var deadline = PollTimes.ReadDeadline(timeout, out var error);
        if (error == Errno.None)
            error = PollTimes.SetMask(mask, maskSize);
        if (error != Errno.None)
            return SyscallResult.From(error);
        var result = Poll(array, count, deadline);
        PollTimes.RestoreMask(mask, result);
        PollTimes.WriteRest(timeout, deadline);
        return result;
    }

    internal static long DeadlineIn(long seconds, long nanoseconds)
    {
        const long longest = long.MaxValue / 4 / TimeKeeper.NanosecondsPerSecond;
        if (seconds == 0 && nanoseconds == 0)
            return 0;
        return TimeKeeper.Monotonic + Math.Min(seconds, longest) * TimeKeeper.NanosecondsPerSecond + nanoseconds;
    }

    // Deadline 0: do not wait at all.
    private static long Poll(ulong array, uint count, long deadline)
    {
        if (count > Task.Current.Group.SoftLimit(Resource.NOFILE))
            return -(long)Errno.EINVAL;
        var made = Poller.Create();
        if (!made.TryGet(out var table))
            return SyscallResult.From(made.Error);
        var result = PollUntil(array, (int)count, deadline, table);
        table.Close();
        return result;
    }

    private static long PollUntil(ulong array, int count, long deadline, Poller table)
    {
        var register = deadline != 0;
        while (true)
        {
            var ready = AskAll(array, count, register ? table : null);
            if (ready != 0 || deadline == 0)
                return ready;
            if (table.HasFailed)
                return -(long)Errno.ENOMEM;
            register = false; // registered once, triggered as often as needed
            var error = table.Wait(deadline);
            if (error == Errno.ETIMEDOUT)
                deadline = 0;
            else if (error != Errno.None)
                return -(long)Errno.ERESTARTNOHAND;
        }
    }

    // Number of descriptors with events, all of them written back.
    private static int AskAll(ulong array, int count, Poller? table)
    {
        Span<PollDescriptor> piece = stackalloc PollDescriptor[PieceLength];
        var ready = 0;
        for (var done = 0; done < count; done += PieceLength)
        {
            var part = piece.Slice(0, Math.Min(PieceLength, count - done));
            var address = array + (ulong)done * PollDescriptor.Bytes;
            if (!UserAccess.TryReadArray(address, part))
                return -(int)Errno.EFAULT;
            foreach (ref var item in part)
            {
                Ask(ref item, ready == 0 ? table : null);
                if (item.Returned != 0)
                    ready++;
            }

            if (!UserAccess.TryWriteArray<PollDescriptor>(address, part))
                return -(int)Errno.EFAULT;
        }

        return ready;
    }

    private static void Ask(ref PollDescriptor item, Poller? table)
    {
        item.Returned = 0;
        if (item.Descriptor < 0)
            return;
        var borrowed = BorrowedFile.Get(item.Descriptor);
        if (borrowed.File is not { } file)
        {
            item.Returned = (short)POLLNVAL;
            return;
        }

        item.Returned = file.IsPathOnly ? (short)POLLNVAL : (short)Poller.Ask(file, (ushort)item.Events, table);
        borrowed.Return();
    }
}
