// Making and taking away kernel stacks, and starting CPUs.
using System;

namespace Jiffy.Machine.Sim;

public sealed partial class SimMachine
{
    private readonly Baton _freer = new();

    /// <summary>Frames the kernel gave for stacks that exist now.</summary>
    internal long FramesOfStacks { get; set; }

    /// <summary>Starts all CPUs but the caller's; each waits for its turn.</summary>
    internal void StartOthers()
    {
        for (var i = 0; i < _cpus.Length; i++)
        {
            if (_cpus[i].IsStarted)
                continue;
            StartCpu(_cpus[i], KernelEntry.Instance.CreateIdle(i), FiberEntry.BootSecondary);
        }
        Point(PointKind.Interleave);
    }

    /// <summary>Unwinds a context's stack, which must not be in use.</summary>
    internal void FreeStack(TaskContext context)
    {
        if (context.Fiber is not { } fiber || fiber.Machine != this)
            return;
        if (IsOnSomeCpu(fiber))
            Fail($"stack of {NameOf(context)} taken away while it is in use");
        fiber.Abandon(_freer);
    }

    /// <summary>No CPU may use a table that is destroyed.</summary>
    internal void CheckUnused(PageTable table)
    {
        foreach (var cpu in _cpus)
        {
            if (cpu.IsStarted && !cpu.IsStopped && cpu.Table.Root == table.Root)
                Fail($"page table destroyed while CPU {cpu.Id} uses it");
        }
    }
}
