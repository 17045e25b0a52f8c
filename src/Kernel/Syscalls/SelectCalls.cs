// select and pselect6: sets of descriptors as bits. All six sets of a call, wanted and found, stand in one frame. man 2 select.
using System;
using System.Numerics;
using System.Runtime.InteropServices;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Syscalls;

using static FileConstants;

public static class SelectCalls
{
    private const int SetWords = FileTable.Capacity / 64;
    private const int Sets = 3;
    private const uint ReadEvents = POLLRDNORM | POLLRDBAND | POLLIN | POLLHUP | POLLERR;
    private const uint WriteEvents = POLLWRBAND | POLLWRNORM | POLLOUT | POLLERR;
    private const uint ExceptEvents = POLLPRI;

    /// <summary>struct timeval.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct TimeValue
    {
        public long Seconds, Microseconds;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct MaskArgument
    {
        public ulong Address, Size;
    }

    public static long Select(int count, ulong read, ulong write, ulong except, ulong timeout)
    {
        var deadline = long.MaxValue;
        if (timeout != 0)
        {
            if (!UserAccess.TryRead(timeout, out TimeValue value))
                return -(long)Errno.EFAULT;
            if (value.Seconds < 0 || value.Microseconds < 0)
                return -(long)Errno.EINVAL;
            deadline = PollCalls.DeadlineIn(value.Seconds + value.Microseconds / 1_000_000, value.Microseconds % 1_000_000 * 1000);
        }

        var result = Run(count, read, write, except, deadline);
        if (timeout != 0)
        {
            var rest = PollTimes.Rest(deadline);
            UserAccess.TryWrite(timeout, new TimeValue { Seconds = rest / 1_000_000_000, Microseconds = rest % 1_000_000_000 / 1000 });
        }

        return result;
    }

    public static long PSelect(int count, ulong read, ulong write, ulong except, ulong timeout, ulong maskArgument)
    {
        var mask = default(MaskArgument);
        if (maskArgument != 0 && !UserAccess.TryRead(maskArgument, out mask))
            return -(long)Errno.EFAULT;
        var deadline = PollTimes.ReadDeadline(timeout, out var error);
        if (error == Errno.None)
            error = PollTimes.SetMask(mask.Address, mask.Size);
        if (error != Errno.None)
            return SyscallResult.From(error);
        var result = Run(count, read, write, except, deadline);
        PollTimes.RestoreMask(mask.Address, result);
        PollTimes.WriteRest(timeout, deadline);
        return result;
    }

    private static long Run(int count, ulong read, ulong write, ulong except, long deadline)
    {
        if (count < 0)
            return -(long)Errno.EINVAL;
        count = Math.Min(count, FileTable.Capacity);
        if (!FrameAllocator.TryTakeClear(out var frame))
            return -(long)Errno.ENOMEM;
        var sets = MemoryMarshal.Cast<byte, ulong>(Frames.Bytes(frame));
        var result = -(long)Errno.EFAULT;
        if (TryReadSet(read, sets, 0, count) && TryReadSet(write, sets, 1, count) && TryReadSet(except, sets, 2, count))
        {
            result = Wait(sets, count, deadline);
            if (result >= 0 && !(TryWriteSet(read, sets, 0, count) && TryWriteSet(write, sets, 1, count) && TryWriteSet(except, sets, 2, count)))
                result = -(long)Errno.EFAULT;
        }

        FrameAllocator.Give(frame);
        return result;
    }

    private static long Wait(Span<ulong> sets, int count, long deadline)
    {
        var made = Poller.Create();
        if (!made.TryGet(out var table))
            return SyscallResult.From(made.Error);
        var register = deadline != 0;
        long ready;
        while (true)
        {
            ready = AskAll(sets, count, register ? table : null);
            if (ready != 0 || deadline == 0)
                break;
            register = false;
            var error = table.HasFailed ? Errno.ENOMEM : table.Wait(deadline);
            if (error == Errno.ETIMEDOUT)
            {
                deadline = 0;
            }
            else if (error != Errno.None)
            {
                ready = error == Errno.ENOMEM ? -(long)error : -(long)Errno.ERESTARTNOHAND;
                break;
            }
        }

        table.Close();
        return ready;
    }

    private static long AskAll(Span<ulong> sets, int count, Poller? table)
    {
        var ready = 0;
        for (var word = 0; word * 64 < count; word++)
        {
            var wanted = sets[word] | sets[SetWords + word] | sets[2 * SetWords + word];
            for (var set = 0; set < Sets; set++)
                sets[(Sets + set) * SetWords + word] = 0;
            for (; wanted != 0; wanted &= wanted - 1)
            {
                var bit = BitOperations.TrailingZeroCount(wanted);
                var found = Ask(sets, word, bit, ready == 0 ? table : null);
                if (found < 0)
                    return found;
                ready += found;
            }
        }

        return ready;
    }

    private static int Ask(Span<ulong> sets, int word, int bit, Poller? table)
    {
        var borrowed = BorrowedFile.Get(word * 64 + bit);
        if (borrowed.File is not { } file)
            return -(int)Errno.EBADF;
        var wanted = EventsOf(sets, 0, word, bit, ReadEvents) | EventsOf(sets, 1, word, bit, WriteEvents) | EventsOf(sets, 2, word, bit, ExceptEvents);
        var events = file.IsPathOnly ? 0 : Poller.Ask(file, wanted, table);
        borrowed.Return();
        return Mark(sets, 0, word, bit, events & ReadEvents) + Mark(sets, 1, word, bit, events & WriteEvents) + Mark(sets, 2, word, bit, events & ExceptEvents);
    }

    private static uint EventsOf(Span<ulong> sets, int set, int word, int bit, uint events) =>
        (sets[set * SetWords + word] >> bit & 1) != 0 ? events : 0;

    private static int Mark(Span<ulong> sets, int set, int word, int bit, uint events)
    {
        if (events == 0 || (sets[set * SetWords + word] >> bit & 1) == 0)
            return 0;
        sets[(Sets + set) * SetWords + word] |= 1UL << bit;
        return 1;
    }

    // Sets come and go in whole words of the ABI; bits beyond the count are not looked at.
    private static bool TryReadSet(ulong address, Span<ulong> sets, int set, int count)
    {
        if (address == 0)
            return true;
        var words = sets.Slice(set * SetWords, (count + 63) / 64);
        if (!UserAccess.TryReadArray(address, words))
            return false;
        if (count % 64 != 0)
            words[words.Length - 1] &= (1UL << count % 64) - 1;
        return true;
    }

    private static bool TryWriteSet(ulong address, Span<ulong> sets, int set, int count) =>
        address == 0 || UserAccess.TryWriteArray<ulong>(address, sets.Slice((Sets + set) * SetWords, (count + 63) / 64));
}
