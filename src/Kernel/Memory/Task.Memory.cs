// A task's memory. Guards: Memory is changed by the task itself with interrupts off (and by fork before the task runs); others who
// look take TaskTree.Lock and then a user of the space. The counters belong to the task.
using System.Threading;
using Jiffy.Kernel.Memory;
using Jiffy.Machine;

namespace Jiffy.Kernel.Tasks;

public sealed partial class Task
{
    /// <summary>The user address space; null for kernel threads and for tasks that have let go of it.</summary>
    public AddressSpace? Memory;

    private long _pastPeakResident; // of spaces it has let go of, in KiB

    /// <summary>The largest resident set of its address spaces up to now, in KiB. The task itself, or with TaskTree.Lock.</summary>
    internal long PeakResident =>
        Memory is { } memory && memory.PeakResidentPages * (Frames.Size / 1024) is var now && now > _pastPeakResident ? now : _pastPeakResident;

    /// <summary>It is about to let go of its space.</summary>
    internal void NotePeakResident() => _pastPeakResident = PeakResident;

    /// <summary>A new task.</summary>
    internal void ForgetPeakResident() => _pastPeakResident = 0;

    /// <summary>Page faults served without waiting for a device.</summary>
    public long MinorFaults;

    /// <summary>Page faults that had to wait for a device. Nothing here does: always zero.</summary>
    public long MajorFaults;
}
