// A task's name as /proc shows it: longer than the task's own, for a worker's tells what it works for. Linux: proc_task_name().
using System;
using System.Runtime.CompilerServices;
using Jiffy.Kernel.Deferred.WorkQueues;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Files.Proc;

[InlineArray(Capacity)]
internal struct ShownName
{
    /// <summary>Name, sign, description and a NUL.</summary>
    public const int Capacity = TaskName.Capacity + 1 + Worker.MostDescription;

    private byte _first;

    /// <summary>Takes a task's name. TaskTree.Lock held.</summary>
    public void Take(Task task)
    {
        Span<byte> all = this;
        all.Clear();
        var text = new TextWriter(all.Slice(0, Capacity - 1));
        text.Append(task.Name);
        Worker.AppendDescription(task, ref text);
    }

    /// <summary>The text without NUL.</summary>
    [System.Diagnostics.CodeAnalysis.UnscopedRef]
    public readonly ReadOnlySpan<byte> Text
    {
        get
        {
            ReadOnlySpan<byte> all = this;
            var length = all.IndexOf((byte)0);
            return length < 0 ? all : all.Slice(0, length);
        }
    }
}
