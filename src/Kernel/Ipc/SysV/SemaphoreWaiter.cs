// The operations that a task asks of a set of semaphores, few within the task's own object, many in frames; sleeping, it is one of the set's
// queues' entries. Others try the operations for it, under the set's lock. Linux: struct sem_queue.
using System;
using System.Runtime.CompilerServices;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Memory;

namespace Jiffy.Kernel.Ipc;

internal sealed partial class IpcWaiter
{
    private FewOperations _few;
    private FrameArray<SemaphoreOperation> _many;

    /// <summary>How many operations; all of them are done at once or none.</summary>
    public int Count { get; private set; }

    /// <summary>The operation that could not be done the last time: what it waits for.</summary>
    public int Blocking;

    /// <summary>The process that is noted with the semaphores.</summary>
    public int ProcessId;

    /// <summary>Where operations with SEM_UNDO are noted. Gone with the set, under its lock.</summary>
    public SemaphoreUndo? Undo;

    /// <summary>What the operations want, together.</summary>
    public bool Alters { get; private set; }

    public bool Undoes { get; private set; }

    public int HighestNumber { get; private set; }

    /// <summary>Operation of the list.</summary>
    public ref SemaphoreOperation this[int index]
    {
        get
        {
            if (Count <= FewOperations.Capacity)
                return ref _few[index];
            return ref _many[index];
        }
    }

    public ref SemaphoreOperation BlockingOperation => ref this[Blocking];

    /// <summary>Reads the operations from user memory; <see cref="FreeOperations"/> must follow. EFAULT, ENOMEM; then nothing is to be freed.</summary>
    public Errno ReadOperations(ulong from, int count)
    {
        var error = Allocate(count);
        if (error != Errno.None)
            return error;
        for (var at = 0; at < count;)
        {
            var part = count <= FewOperations.Capacity ? ((Span<SemaphoreOperation>)_few).Slice(0, count) : _many.From(at);
            if (!UserAccess.TryReadArray(from, part))
            {
                FreeOperations();
                return Errno.EFAULT;
            }

            from += (ulong)part.Length * OperationBytes;
            at += part.Length;
        }

        LookAtOperations();
        return Errno.None;
    }

    /// <summary>The same from the kernel itself.</summary>
    public Errno SetOperations(ReadOnlySpan<SemaphoreOperation> operations)
    {
        var error = Allocate(operations.Length);
        if (error != Errno.None)
            return error;
        for (var i = 0; i < operations.Length; i++)
            this[i] = operations[i];
        LookAtOperations();
        return Errno.None;
    }

    public void FreeOperations()
    {
        _many.Free();
        Count = 0;
        Undo = null;
    }

    private const ulong OperationBytes = 6;

    private Errno Allocate(int count)
    {
        if (count > FewOperations.Capacity && !FrameArray<SemaphoreOperation>.TryCreate(count, out _many))
            return Errno.ENOMEM;
        Count = count;
        Undo = null;
        return Errno.None;
    }

    private void LookAtOperations()
    {
        Alters = Undoes = false;
        HighestNumber = 0;
        Blocking = 0;
        for (var i = 0; i < Count; i++)
        {
            ref var operation = ref this[i];
            Alters |= operation.Change != 0;
            Undoes |= (operation.Flags & SysVIpc.SEM_UNDO) != 0;
            HighestNumber = Math.Max(HighestNumber, operation.Number);
        }
    }

    [InlineArray(Capacity)]
    private struct FewOperations
    {
        public const int Capacity = 8;

        private SemaphoreOperation _first;
    }
}
