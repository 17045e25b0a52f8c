// A look at another CPU's kernel stack while it stands still in its NMI handler (Entry/vectors.asm), which has left its registers on the NMI stack.
// Contexts: any. One at a time: who comes second gets nothing. No lock is taken while the other CPU stands, since it may hold any.
using System;
using System.Runtime.InteropServices;
using System.Threading;

namespace Jiffy.Machine;

internal static unsafe class StackSample
{
    private const long Patience = 100_000_000;

    /// <summary>What asker and handler share. Layout: Entry/vectors.asm.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Request
    {
        internal ulong Wanted, Registers;
    }

    private static int s_held;

    internal static int Take(int cpu, Span<ulong> addresses)
    {
        if (cpu == Cpu.Id || !Smp.Online.Contains(cpu) || Interlocked.CompareExchange(ref s_held, 1, 0) != 0)
            return 0;
        var request = Instructions.StackSampleRequest();
        Interlocked.Exchange(ref request->Wanted, 1);
        LocalApic.SendNmi(Smp.Area(cpu)->ApicId);
        var count = Await(request, present: true) ? Walk((KernelRegisters*)request->Registers, addresses) : 0;
        Interlocked.Exchange(ref request->Wanted, 0);
        if (Await(request, present: false))
            Volatile.Write(ref s_held, 0); // else it never answers again, and nobody asks any more
        return count;
    }

    private static bool Await(Request* request, bool present)
    {
        var end = Clock.Now + Patience;
        while (Volatile.Read(ref request->Registers) != 0 != present)
        {
            if (Clock.Now > end)
                return false;
            Cpu.Relax();
        }
        return true;
    }

    // In the first instructions of an entry the stack pointer is still user mode's.
    private static int Walk(KernelRegisters* registers, Span<ulong> addresses) =>
        (registers->Cs & 3) != 0 || (long)registers->Rsp >= 0 ? 0 : Backtrace.Walk(ref *registers, addresses);
}
