// Bodies of the contract of code for user programs: the linked vDSO, and how it gets time from the TSC. The code is vdso.asm.
// Contexts: start-up.
using System;
using System.Runtime;
using System.Runtime.CompilerServices;

namespace Jiffy.Machine;

public static unsafe partial class UserCode
{
    public static partial ReadOnlySpan<byte> Image => new(VdsoStart(), (int)(VdsoEnd() - VdsoStart()));

    public static partial void Prepare(Span<long> page)
    {
        var scale = Clock.Scale;
        page[UserCodePage.StartCycles] = (long)scale.Start;
        page[UserCodePage.Multiplier] = (long)scale.Multiplier;
        page[UserCodePage.UsesCycles] = Clock.UsesTsc ? 1 : 0;
        page[UserCodePage.CpuNumberWay] = Processor.HasReadProcessorId ? 1 : 0;
    }

    [RuntimeImport("*", "vdso_start"), MethodImpl(MethodImplOptions.InternalCall)]
    private static extern byte* VdsoStart();

    [RuntimeImport("*", "vdso_end"), MethodImpl(MethodImplOptions.InternalCall)]
    private static extern byte* VdsoEnd();
}
