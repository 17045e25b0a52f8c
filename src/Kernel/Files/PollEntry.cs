// One poller's entry on one wait queue: an observer that marks the poller's table instead of being a sleeper itself.
// Guards: Table and Queue belong to the poller; Wake is called under the queue's lock. Pooled, with a settable task.
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Wait;

namespace Jiffy.Kernel.Files;

internal sealed class PollEntry : WaitEntry
{
    private Links<PollEntry> _poolLinks, _tableLinks;

    private PollEntry()
        : base(null!)
    {
        RemoveWhenWoken = false;
    }

    public static Pool<PollEntry, Pooled> Pool { get; private set; } = null!;

    public Poller Table = null!;
    public WaitQueue Queue = null!;

    /// <summary>Whose queue it is; counted, so that the queue outlives the entry's stay on it.</summary>
    public OpenFile File = null!;

    /// <summary>Poll bits the poller waits for.</summary>
    public uint Events;

    public static void Init(int limit)
    {
        Pool = new Pool<PollEntry, Pooled>("poll_entry", limit);
    }

    public override bool Wake(TaskState states, WakeKey key) =>
        (key.Events == 0 || (key.Events & Events) != 0) && Table.Trigger();

    internal readonly struct Pooled : IPooled<PollEntry>
    {
        public static ref Links<PollEntry> Of(PollEntry item) => ref item._poolLinks;
        public static PollEntry Create() => new();
        public static int Bytes => 128;
    }

    internal readonly struct InTable : ILinksOf<PollEntry>
    {
        public static ref Links<PollEntry> Of(PollEntry item) => ref item._tableLinks;
    }
}
