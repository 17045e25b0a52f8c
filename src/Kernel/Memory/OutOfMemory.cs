// What happens when a page is needed and no frame is left: the largest process is ended, and whoever needed the page waits for
// what that gives back. System calls that need memory fail with ENOMEM instead; only a page fault has nobody to tell.
// The first process is never ended: its pages may come from the kernel's reserve.
// Context: process, no locks of this room held; may sleep. Lock: TaskTree.Lock for the choice. Linux: mm/oom_kill.c. man 5 proc, oom_score_adj.
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Observe;
using Jiffy.Kernel.Signals;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;
using Jiffy.Machine;

namespace Jiffy.Kernel.Memory;

public static class OutOfMemory
{
    private const int NeverEnd = -1000;
    private const long Pause = 2_000_000;

    // A victim has this many pauses to go before another is chosen beside it, and the caller so many before it gives up.
    private const int Patience = 250, GivesUp = 2000;

    // Free frames with which a page and the tables above it can be had.
    private const int Enough = 16;

    private static long s_ended;

    /// <summary>Processes ended for their memory since boot, for /proc/vmstat.</summary>
    public static long Ended => Volatile.Read(ref s_ended);

    internal static void Init() => s_ended = 0;

    /// <summary>A frame for a page of the running task; the first process may have one of the kernel's reserve.</summary>
    internal static bool TryTake(out FrameNumber frame) =>
        FrameAllocator.TryTakeUser(out frame) || (IsFirstProcess && FrameAllocator.TryTake(out frame));

    /// <summary>The same, of zeros; also for the page tables and kernel stacks that the machine asks for.</summary>
    public static bool TryTakeClear(out FrameNumber frame)
    {
        if (!TryTake(out frame))
            return false;
        Frames.Clear(frame);
        return true;
    }

    /// <summary>Sees to it that memory comes free. <paramref name="tries"/>: how often this need was in vain, from 0.</summary>
    /// <returns>True: try again. False: it is the caller's end, or there is nothing to be had.</returns>
    internal static bool TryRelieve(int tries)
    {
        var current = Task.Current;
        if (current.HasFatalSignal || (tries >= GivesUp && !IsFirstProcess))
            return false;
        if (tries == 0 && FrameAllocator.FreeFrames > FrameAllocator.ReserveFrames + Enough)
            return true; // somebody has given memory back, or the failure was made for a test
        using (TaskTree.Lock.Acquire())
        {
            if (Choose(mayWait: tries % Patience != Patience - 1, out var victim))
                End(victim!);
            else if (victim is null && !IsFirstProcess)
                return false;
        }

        if (current.HasFatalSignal)
            return false;
        Sleep.For(Pause, TaskState.Killable);
        return true;
    }

    private static bool IsFirstProcess => TaskTree.Init is { } first && Task.Current.Group == first;

    // True: the victim is to be ended. False: it is being ended already, or there is none.
    private static bool Choose(bool mayWait, out ThreadGroup? victim)
    {
        victim = null;
        var worst = long.MinValue;
        for (var process = TaskTree.FirstProcess; process is not null; process = TaskTree.After(process))
        {
            if (process == TaskTree.Init || MemoryOf(process) is not { } memory)
                continue;
            if (process.IsExiting)
            {
                if (!mayWait)
                    continue;
                victim = process;
                return false;
            }

            var score = memory.FramesHeld + process.OutOfMemoryAdjustment * FrameAllocator.TotalFrames / 1000;
            if (process.OutOfMemoryAdjustment == NeverEnd || score <= worst)
                continue;
            worst = score;
            victim = process;
        }

        return victim is not null;
    }

    // The leader may have ended before its threads.
    private static AddressSpace? MemoryOf(ThreadGroup process)
    {
        for (var thread = process.FirstThread; thread is not null; thread = ThreadGroup.AfterThread(thread))
        {
            if (thread.Memory is { } memory)
                return memory;
        }

        return null;
    }

    private static void End(ThreadGroup victim)
    {
        Interlocked.Increment(ref s_ended);
        var held = MemoryOf(victim)!.FramesHeld << (Frames.Shift - 10);
        KernelLog.Write(LogLevel.Error, $"Out of memory: process {victim.Id} ({victim.Leader.Name}) is ended, it holds {held} kB");
        SignalSender.SendToProcessLocked(victim, SignalInfo.FromKernel(SignalNumber.SIGKILL));
    }
}
