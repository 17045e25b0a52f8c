// Which address space each CPU has loaded, and so whom a change of mappings must be told.
// Lazy: a CPU that goes on to a kernel thread keeps the table it has, pinned, so that coming back costs nothing. The space's last user
// makes such CPUs let go.
// Ordering: a CPU is in the set before it loads the table, and leaves it after it has loaded another; so whoever changes an entry and
// then reads the set flushes every CPU that may have the old entry cached, and a CPU that joins later reads the new one.
// Contexts: interrupts off where said. Guards: s_loaded[n] by CPU n with interrupts off; _cpuBits atomic; Task.Memory is changed under
// TaskTree.Lock, so that whoever holds that may count itself in. Linux: switch_mm_irqs_off().
using System.Threading;
using Jiffy.Kernel.Irq;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Memory;

public sealed partial class AddressSpace
{
    private static AddressSpace?[] s_loaded = null!;

    private long _cpuBits;

    private static void InitSwitch() => s_loaded = new AddressSpace?[Cpu.Max];

    /// <summary>The CPUs that may have entries of this space cached.</summary>
    public CpuSet Cpus => new((ulong)Volatile.Read(ref _cpuBits));

    /// <summary>The scheduler's part: makes the next task's space the CPU's. Interrupts off. A kernel thread keeps what is loaded.</summary>
    public static void SwitchTask(Task previous, Task next)
    {
        if (next.Memory is { } space)
            Load(space);
    }

    /// <summary>Gives the running task another space (exec) or none (exit), now.</summary>
    /// <remarks>Takes over the caller's user of <paramref name="next"/> and drops the task's user of the old one. May sleep.</remarks>
    public static void Replace(Task current, AddressSpace? next)
    {
        var old = current.Memory;
        var wereOn = Cpu.DisableInterrupts();
        using (TaskTree.Lock.Acquire())
        {
            current.NotePeakResident();
            current.Memory = next;
        }

        if (next is null)
            LoadNone();
        else
            Load(next);
        Cpu.RestoreInterrupts(wereOn);
        old?.Drop();
    }

    private static void Load(AddressSpace space)
    {
        var cpu = Cpu.Id;
        var loaded = s_loaded[cpu];
        if (loaded == space)
            return;
        Interlocked.Increment(ref space._pins);
        Interlocked.Or(ref space._cpuBits, 1L << cpu);
        space._table.Activate();
        s_loaded[cpu] = space;
        loaded?.Unload(cpu);
    }

    private static void LoadNone()
    {
        var cpu = Cpu.Id;
        var loaded = s_loaded[cpu];
        default(PageTable).Activate();
        s_loaded[cpu] = null;
        loaded?.Unload(cpu);
    }

    private void Unload(int cpu)
    {
        Interlocked.And(ref _cpuBits, ~(1L << cpu));
        Unpin();
    }

    // Makes CPUs let go that came to kernel threads from a task of this space: they run none of its tasks now, and never will again.
    private void UnloadEverywhere()
    {
        var cpus = Cpus;
        if (!cpus.IsEmpty)
            CrossCall.Run(cpus, static space => ((AddressSpace)space!).UnloadHere(), this);
    }

    // Interrupts off.
    private void UnloadHere()
    {
        if (s_loaded[Cpu.Id] == this)
            LoadNone();
    }

    // Entries of [start, end) were weakened or taken away: no CPU uses the old ones when this returns. Interrupts on.
    private void Flush(ulong start, ulong end)
    {
        Interlocked.MemoryBarrier();
        _table.Flush(Cpus, start, end);
    }
}
