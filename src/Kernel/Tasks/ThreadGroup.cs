// A process: the threads that share a pid, signal actions, limits and children.
// Locks: TaskTree.Lock guards membership and family; SignalLock the signal state. Linux: struct signal_struct.
using Jiffy.Kernel.Structures;

namespace Jiffy.Kernel.Tasks;

public sealed partial class ThreadGroup
{
    private Links<ThreadGroup> _poolLinks;

    /// <summary>Process id: the number getpid shows.</summary>
    public int Id;

    /// <summary>The first thread, or the one that called exec.</summary>
    public Task Leader = null!;

    internal readonly struct Pooled : IPooled<ThreadGroup>
    {
        public static ref Links<ThreadGroup> Of(ThreadGroup item) => ref item._poolLinks;
        public static ThreadGroup Create() => new();
        public static int Bytes => 2048;
    }
}
