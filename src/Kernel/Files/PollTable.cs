// What a file's Poll registers a waiter with. Context: process. Linux: struct poll_table_struct, poll_wait().
using Jiffy.Kernel.Wait;

namespace Jiffy.Kernel.Files;

/// <summary>Whom a file tells of its wake-ups: a task in poll or select, or an epoll's item.</summary>
public abstract class PollTable
{
    /// <summary>Called by a file's Poll: the waiter wants to hear of wake-ups of <paramref name="queue"/>.</summary>
    public abstract void Register(WaitQueue queue);
}
