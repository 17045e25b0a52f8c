// Waiting for one of several words. The waiters come from a pool and hang in a list that the sleeping task owns; each is queued like any other.
// No wake-up is lost: a waiter that was woken is off its queue, and the task looks at all of them after it has set its state.
// Contexts: process; may sleep. Locks: the buckets', one at a time. Linux: futex_waitv(), futex_wait_multiple().
using System;
using System.Runtime.InteropServices;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;
using Jiffy.Machine;

namespace Jiffy.Kernel.Ipc;

public static partial class Futex
{
    /// <summary>The most words one call may wait for: FUTEX_WAITV_MAX.</summary>
    public const int MostInVector = 128;

    private const uint FUTEX_32 = 2, FUTEX_PRIVATE = 128;

    private static Pool<FutexWaiter, FutexWaiter.InVector> s_vectorPool = null!;

    /// <summary>struct futex_waitv.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct VectorItem
    {
        public ulong Value, Address;
        public uint Flags, Reserved;
    }

    private static void InitVectors() => s_vectorPool = new Pool<FutexWaiter, FutexWaiter.InVector>("futex_waiter", 8 * TaskTree.MaxThreads);

    /// <summary>Objects in use, for tests.</summary>
    internal static int VectorWaitersUsed => s_vectorPool.Used;

    /// <summary>Sleeps while each word has the value given for it, until one is woken. Returns its index.</summary>
    /// <returns>EAGAIN: a word differs; ETIMEDOUT; ERESTARTSYS; EFAULT; EINVAL; ENOMEM.</returns>
    internal static Result<int> WaitVector(ulong items, int count, long deadline, ClockBase clock)
    {
        var current = Task.Current;
        var waiters = default(LinkedRing<FutexWaiter, FutexWaiter.InVector>);
        var error = ReadVector(ref waiters, items, count, current);
        Result<int> result = error;
        if (error == Errno.None)
        {
            var timer = StartTimer(current, deadline, clock);
            result = SleepOnVector(ref waiters, current, timer);
            timer?.Cancel();
        }

        while (waiters.RemoveFirst() is { } waiter)
            s_vectorPool.Give(waiter);
        return result;
    }

    private static Errno ReadVector(ref LinkedRing<FutexWaiter, FutexWaiter.InVector> waiters, ulong items, int count, Task current)
    {
        Span<VectorItem> one = stackalloc VectorItem[1];
        for (var i = 0; i < count; i++)
        {
            if (!s_vectorPool.TryTake(out var waiter))
                return Errno.ENOMEM;
            waiter.Begin(current, AllBits);
            waiter.Bucket = null;
            waiters.AddLast(waiter);
            if (!UserAccess.TryReadArray(items + (ulong)(i * 24), one))
                return Errno.EFAULT;
            if ((one[0].Flags & ~(FUTEX_32 | FUTEX_PRIVATE)) != 0 || one[0].Reserved != 0 || (one[0].Flags & FUTEX_32) == 0)
                return Errno.EINVAL;
            waiter.Address = one[0].Address;
            waiter.Expected = (uint)one[0].Value;
            waiter.Index = i;
            waiter.IsVectorPrivate = (one[0].Flags & FUTEX_PRIVATE) != 0;
        }

        for (var waiter = waiters.First; waiter is not null; waiter = After(waiter))
        {
            var error = FindKey(waiter.Address, waiter.IsVectorPrivate, out waiter.Key);
            if (error != Errno.None)
                return error;
        }

        return Errno.None;
    }

    private static Result<int> SleepOnVector(
        ref LinkedRing<FutexWaiter, FutexWaiter.InVector> waiters, Task current, HighResolutionTimer? timer)
    {
        var error = QueueVector(waiters, out var outside);
        while (error == Errno.None)
        {
            current.SetState(TaskState.Interruptible);
            if (IsAnyWoken(waiters))
                break;
            error = WhyNotSleep(current, timer);
            if (error == Errno.None)
                Scheduler.Schedule();
        }

        current.SetStateRelaxed(TaskState.Running);

        // One that was woken counts, whatever else came: its waker has counted it.
        var woken = UnqueueVector(waiters, outside);
        if (woken >= 0 && (error == Errno.None || !FutexFaults.Has(FutexFault.TimeOutSwallowsWakeUp)))
            return woken;
        return error;
    }

    /// <summary>Queues all; <paramref name="outside"/>: the first that could not be, since its word differs or cannot be read.</summary>
    private static Errno QueueVector(in LinkedRing<FutexWaiter, FutexWaiter.InVector> waiters, out FutexWaiter? outside)
    {
        for (var waiter = waiters.First; waiter is not null; waiter = After(waiter))
        {
            var error = QueueIfEqual(waiter, waiter.Address, waiter.Expected);
            outside = waiter;
            if (error != Errno.None)
                return error;
        }

        outside = null;
        return Errno.None;
    }

    /// <summary>Takes all off up to <paramref name="outside"/>; the index of the last one that was woken, or -1.</summary>
    private static int UnqueueVector(in LinkedRing<FutexWaiter, FutexWaiter.InVector> waiters, FutexWaiter? outside)
    {
        var woken = -1;
        for (var waiter = waiters.First; waiter is not null && waiter != outside; waiter = After(waiter))
        {
            if (!Unqueue(waiter))
                woken = waiter.Index;
        }

        return woken;
    }

    private static bool IsAnyWoken(in LinkedRing<FutexWaiter, FutexWaiter.InVector> waiters)
    {
        for (var waiter = waiters.First; waiter is not null; waiter = After(waiter))
        {
            if (waiter.Bucket is null)
                return true;
        }

        return false;
    }

    private static FutexWaiter? After(FutexWaiter waiter) => LinkedRing<FutexWaiter, FutexWaiter.InVector>.After(waiter);
}
