// Which use of a pid: ids are used again, so whoever remembers a task without keeping it alive (files of /proc) remembers this as well.
// Lock: TaskTree.Lock. Linux: struct pid.
namespace Jiffy.Kernel.Tasks;

public sealed partial class Task
{
    /// <summary>Differs between tasks that had the same id one after the other. Exec from a thread hands the leader's on with its id.</summary>
    internal uint Serial;
}
