// Who waits in poll or select: files register its entries on their wait queues, and any wake-up that matters makes it look again.
// Contexts: registering and waiting in process context, by the poller alone; Trigger in any, under the wait queue's lock.
// No wake-up is lost: the poller registers before it asks a file for its events; a waker makes the event true, then triggers; the
// poller publishes its sleeping state (full barrier) before it looks at the trigger mark.
// Linux: struct poll_wqueues, poll_schedule_timeout().
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Wait;
using Jiffy.Machine;

namespace Jiffy.Kernel.Files;

public sealed class Poller : PollTable
{
    private LinkedRing<PollEntry, PollEntry.InTable> _entries;
    private Links<Poller> _poolLinks;
    private Task _task = null!;
    private int _triggered;

    private Poller()
    {
    }

    public static Pool<Poller, Pooled> Pool { get; private set; } = null!;

    private OpenFile? _file;
    private uint _wanted;

    /// <summary>Not all files could be registered: memory is exhausted.</summary>
    public bool HasFailed { get; private set; }

    public static void Init(int limit)
    {
        Pool = new Pool<Poller, Pooled>("poll_table", limit);
        PollEntry.Init(limit * 16);
    }

    /// <summary>A table for the running task. ENOMEM. <see cref="Close"/> must follow.</summary>
    public static Result<Poller> Create()
    {
        if (!Pool.TryTake(out var table))
            return Errno.ENOMEM;
        table._task = Task.Current;
        table._triggered = 0;
        table.HasFailed = false;
        return table;
    }

    /// <summary>The file's events among <paramref name="wanted"/> (and errors); with <paramref name="table"/> given its wake-ups trigger it from now on.</summary>
    public static uint Ask(OpenFile file, uint wanted, Poller? table)
    {
        if (table is not null)
        {
            table._file = file;
            table._wanted = wanted | FileConstants.POLLERR | FileConstants.POLLHUP;
        }

        return file.Operations.Poll(file, table) & (wanted | FileConstants.POLLERR | FileConstants.POLLHUP);
    }

    public override void Register(WaitQueue queue)
    {
        if (!PollEntry.Pool.TryTake(out var entry))
        {
            HasFailed = true;
            return;
        }

        entry.Table = this;
        entry.Queue = queue;
        entry.Events = _wanted;
        entry.File = _file!;
        entry.File.AddUser();
        entry.IsExclusive = false;
        _entries.AddLast(entry);
        queue.Add(entry);
    }

    /// <summary>Sleeps until triggered since the last time, a signal, or <paramref name="deadline"/> (monotonic nanoseconds).</summary>
    /// <returns>None; ERESTARTSYS; ETIMEDOUT.</returns>
    public Errno Wait(long deadline)
    {
        var sleepsBlindly = EventFaults.Has(EventFault.PollerLooksFirst) && Volatile.Read(ref _triggered) == 0;
        if (sleepsBlindly)
            Cpu.Interleave();
        _task.SetState(TaskState.Interruptible);
        var result = Errno.None;
        if (sleepsBlindly || Volatile.Read(ref _triggered) == 0)
        {
            if (Scheduler.IsSleepInterrupted(_task, TaskState.Interruptible))
                result = Errno.ERESTARTSYS;
            else if (Scheduler.ScheduleUntil(deadline))
                result = Errno.ETIMEDOUT;
        }

        _task.SetStateRelaxed(TaskState.Running);
        Interlocked.Exchange(ref _triggered, 0);
        Cpu.Interleave();
        return result;
    }

    /// <summary>Takes the poller off all queues and gives the table back.</summary>
    public void Close()
    {
        while (_entries.RemoveFirst() is { } entry)
        {
            entry.Queue.Remove(entry);
            entry.File.Drop();
            entry.Queue = null!;
            entry.File = null!;
            PollEntry.Pool.Give(entry);
        }

        _file = null;
        Pool.Give(this);
    }

    // Under a queue's lock, any context.
    internal bool Trigger()
    {
        Interlocked.Exchange(ref _triggered, 1);
        return Scheduler.TryToWakeUp(_task, TaskState.Normal);
    }

    public readonly struct Pooled : IPooled<Poller>
    {
        public static ref Links<Poller> Of(Poller item) => ref item._poolLinks;
        public static Poller Create() => new();
        public static int Bytes => 96;
    }
}
