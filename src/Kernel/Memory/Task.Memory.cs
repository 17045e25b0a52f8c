// A task's memory. Guards: Memory is changed by the task itself with interrupts off (and by fork before the task runs); others who
// look take TaskTree.Lock and then a user of the space. The counters belong to the task.
using System.Threading;
using Jiffy.Kernel.Memory;

namespace Jiffy.Kernel.Tasks;

public sealed partial class Task
{
    /// <summary>The user address space; null for kernel threads and for tasks that have let go of it.</summary>
    public AddressSpace? Memory;

    /// <summary>Page faults served without waiting for a device.</summary>
    public long MinorFaults;

    /// <summary>Page faults that had to wait for a device. Nothing here does: always zero.</summary>
    public long MajorFaults;
}
