// /proc/workqueues: queues of both kinds, worker pools, what each worker runs and for how long. Process context; may sleep.
// Linux has no such file: what its show_all_workqueues() writes to the log, and drgn scripts read from memory.
using System;
using Jiffy.Kernel.Deferred.WorkQueues;

namespace Jiffy.Kernel.Files.Proc;

internal static class WorkQueueTexts
{
    private const long NanosecondsPerMillisecond = 1_000_000;

    public static void Write(PagedText text)
    {
        text.Append($"{"queue",-32} {"flags",-8} {"max",4} {"active",6} {"backlog",7} {"queued",10} {"flushing",8} {"rescuer",7} {"rescued",7}\n");
        WorkQueueReport.ForEachQueue(text, static (text, queue) => WriteQueue(text, queue));
        text.Append($"\n{"pool",-6} {"cpu",4} {"nice",4} {"workers",7} {"idle",5} {"running",7} {"waiting",7} {"stalls",6}\n");
        for (var i = 0; i < WorkQueues.PoolCount; i++)
            WritePool(text, WorkQueues.PoolAt(i));
        text.Append($"\n{"worker",-16} {"pid",6} {"busy ms",8} queue\n");
        for (var i = 0; i < WorkQueues.PoolCount; i++)
            WriteWorkers(text, WorkQueues.PoolAt(i));
        text.Append($"\n{"historical queue",-16} {"cpu",4} {"pid",6} {"waiting",7} {"run",10} {"busy ms",8}\n");
        WorkQueueReport.ForEachThreaded(text, static (text, queue) => WriteThreaded(text, queue));
        text.Append($"\ndeadlocks found: {FlushWaits.Found}\n");
    }

    // Letters: P per CPU or U unbound, O ordered, F freezable (f while frozen), M with rescuer, H high priority, C CPU-intensive, E power-efficient, D being drained.
    private static void WriteQueue(PagedText text, WorkQueue queue)
    {
        Span<byte> letters = stackalloc byte[8];
        var numbers = WorkQueueReport.Of(queue);
        var count = 0;
        letters[count++] = (byte)(queue.IsUnbound ? 'U' : 'P');
        Add(letters, ref count, queue.IsOrdered, 'O');
        Add(letters, ref count, (queue.Flags & WorkQueueFlags.Freezable) != 0, WorkQueues.IsFrozen ? 'f' : 'F');
        Add(letters, ref count, (queue.Flags & WorkQueueFlags.MemoryReclaim) != 0, 'M');
        Add(letters, ref count, (queue.Flags & WorkQueueFlags.HighPriority) != 0, 'H');
        Add(letters, ref count, (queue.Flags & WorkQueueFlags.CpuIntensive) != 0, 'C');
        Add(letters, ref count, (queue.Flags & WorkQueueFlags.PowerEfficient) != 0, 'E');
        Add(letters, ref count, numbers.IsDraining, 'D');
        text.Append($"{queue.Name,-32} {(ReadOnlySpan<byte>)letters.Slice(0, count),-8} {numbers.MaxActive,4} {numbers.Active,6} {numbers.Inactive,7} ");
        text.Append($"{numbers.Queued,10} {numbers.FlushingPlaces,8} {numbers.Rescuer,7} {numbers.Rescued,7}\n");
    }

    private static void Add(Span<byte> letters, ref int count, bool isSet, char letter)
    {
        if (isSet && count < letters.Length)
            letters[count++] = (byte)letter;
    }

    private static void WritePool(PagedText text, WorkerPool pool)
    {
        var numbers = WorkQueueReport.Of(pool);
        text.Append($"{pool.Id,-6} ");
        if (pool.IsUnbound)
            text.Append("   -"u8);
        else
            text.Append($"{pool.Cpu,4}");
        text.Append($" {pool.Nice,4} {numbers.Workers,7} {numbers.Idle,5} {numbers.Running,7} {numbers.Waiting,7} {pool.Stalls,6}\n");
    }

    private static void WriteWorkers(PagedText text, WorkerPool pool)
    {
        Span<byte> queue = stackalloc byte[WorkQueue.NameBytes];
        Span<byte> name = stackalloc byte[16];
        for (var id = 0; id < WorkerPool.MostWorkers; id++)
        {
            if (!WorkQueueReport.TryGetWorker(pool, id, queue, out var length, out var numbers))
                continue;
            text.Append($"{pool.WriteName(name, id),-16} {numbers.Id,6} {numbers.BusyFor / NanosecondsPerMillisecond,8} ");
            if (!numbers.IsBusy)
                text.Append("(idle)\n"u8);
            else
                text.Append($"{(ReadOnlySpan<byte>)queue.Slice(0, length)}{(numbers.IsBarrier ? " (flush)" : "")}\n");
        }
    }

    private static void WriteThreaded(PagedText text, ThreadedWorkQueue queue)
    {
        for (var i = 0; i < queue.ThreadCount; i++)
        {
            var numbers = WorkQueueReport.Of(queue, i);
            text.Append($"{queue.Name,-16} ");
            if (queue.IsSingleThreaded)
                text.Append("   -"u8);
            else
                text.Append($"{i,4}");
            text.Append($" {numbers.Id,6} {numbers.Waiting,7} {numbers.Runs,10} {numbers.BusyFor / NanosecondsPerMillisecond,8}\n");
        }
    }
}
