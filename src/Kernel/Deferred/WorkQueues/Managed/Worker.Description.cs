// What a worker works for, as ps shows it behind the thread's name: "kworker/0:1+events" while it runs an item of that queue, "-events" when
// that was the last. Guard: the lock of the worker's pool; for a rescuer between pools nothing, and text may then be mixed for a moment.
// Linux: set_worker_desc(), wq_worker_comm().
using System;
using System.Runtime.CompilerServices;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Deferred.WorkQueues;

public sealed partial class Worker
{
    /// <summary>The longest description.</summary>
    public const int MostDescription = WorkQueue.NameBytes;

    [InlineArray(MostDescription)]
    private struct DescriptionBytes
    {
        private byte _first;
    }

    private DescriptionBytes _description;
    private int _descriptionLength;

    /// <summary>Lets a handler say better what it does than its queue's name, until the worker's next item. Process context; nothing outside of handlers.</summary>
    public static void SetDescription(ReadOnlySpan<byte> text)
    {
        if (Current is not { Pool: { } pool } worker)
            return;
        using (pool.Lock.Acquire())
            worker.Describe(text);
    }

    private void Describe(ReadOnlySpan<byte> text)
    {
        _descriptionLength = Math.Min(text.Length, MostDescription);
        Span<byte> to = _description;
        text.Slice(0, _descriptionLength).CopyTo(to);
    }

    /// <summary>Appends what a task works for, if it is a worker, to its name. TaskTree.Lock held, so that the task keeps being what it is.</summary>
    internal static void AppendDescription(Task task, ref TextWriter text)
    {
        if (task.Worker is not { } worker)
            return;
        if (worker.Pool is not { } pool)
        {
            worker.Append(ref text);
            return;
        }

        using (pool.Lock.Acquire())
            worker.Append(ref text);
    }

    private void Append(ref TextWriter text)
    {
        if (_descriptionLength == 0)
            return;
        text.AppendByte(CurrentItem is null ? (byte)'-' : (byte)'+');
        ReadOnlySpan<byte> all = _description;
        text.Append(all.Slice(0, _descriptionLength));
    }
}
