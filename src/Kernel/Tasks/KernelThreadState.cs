// What a kernel thread has beyond a task. Guards: Orders is atomic; the rest is written before the thread runs, or by the thread itself
// before it completes Ended. Linux: struct kthread.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Wait;

namespace Jiffy.Kernel.Tasks;

/// <summary>
/// What a kernel thread runs, and its answer. Made with the thread; lives as long as the task object, so that whoever keeps that alive
/// can ask how the thread ended. Pooled.
/// </summary>
public sealed class KernelThreadState
{
    private Links<KernelThreadState> _poolLinks, _requestLinks;
    internal TaskName Name;
    internal int NameLength;
    internal Func<object?, int>? Function;
    internal object? Argument;
    internal Task? Task;
    internal Errno Error;
    internal int Done;

    internal WaitQueue Wait { get; } = new();

    /// <summary>It was told to end, to park. Atomic.</summary>
    internal int Orders;

    /// <summary>What its function returned. Written before <see cref="Ended"/> is completed.</summary>
    internal int ExitCode;

    internal Completion Parked { get; } = new();
    internal Completion Ended { get; } = new();

    internal void ResetControl()
    {
        Orders = 0;
        ExitCode = 0;
        Parked.Reset();
        Ended.Reset();
    }

    internal readonly struct Pooled : IPooled<KernelThreadState>
    {
        public static ref Links<KernelThreadState> Of(KernelThreadState item) => ref item._poolLinks;
        public static KernelThreadState Create() => new();
        public static int Bytes => 512;
    }

    internal readonly struct Requested : ILinksOf<KernelThreadState>
    {
        public static ref Links<KernelThreadState> Of(KernelThreadState item) => ref item._requestLinks;
    }
}
