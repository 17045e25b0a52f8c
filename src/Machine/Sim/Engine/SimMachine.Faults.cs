// Faults on demand: the kernel's allocators fail when a test says so, to see that everything done is undone.
// Faults of the kernel's own: exceptions of the host's runtime stand for what the processor would raise.
using System;

namespace Jiffy.Machine.Sim;

/// <summary>What can be made to fail.</summary>
public enum FaultKind { Frame, Heap, Count }

public sealed partial class SimMachine
{
    private readonly long[] _failAt = new long[(int)FaultKind.Count];
    private readonly long[] _asked = new long[(int)FaultKind.Count];
    private long _heapUsed;

    /// <summary>Bytes the kernel has reserved for objects.</summary>
    public long HeapUsed => _heapUsed;

    /// <summary>Makes the <paramref name="nth"/> request of a kind from now on fail, counted from 1; 0: none.</summary>
    public void FailNth(FaultKind kind, long nth) => _failAt[(int)kind] = nth == 0 ? 0 : _asked[(int)kind] + nth;

    /// <summary>How often something of the kind was asked for.</summary>
    public long Asked(FaultKind kind) => _asked[(int)kind];

    /// <summary>True when this request must fail. Called by the test's own kernel entry, and by the object heap.</summary>
    public bool ShouldFail(FaultKind kind) => ++_asked[(int)kind] == _failAt[(int)kind];

    /// <summary>
    /// Runs as an exception filter, so on the faulting stack with all locks still held. The kernel ends the task, which never comes back; the
    /// exception that takes the stack away later is swallowed by the filter, and the first one then unwinds the stack.
    /// </summary>
    /// <returns>False, always: nothing is caught here.</returns>
    internal bool OfferFault(Fiber fiber, Exception error)
    {
        if (error is StackAbandoned || fiber.IsUnwinding || !Options.FaultsGoToKernel || _failure is not null)
            return false;
        const ulong interruptFlag = 1 << 9;
        var registers = default(KernelRegisters);
        registers.Rflags = Cpu.InterruptsOn ? interruptFlag : 0;
        KernelEntry.Instance.KernelFault(KindOf(error), 0, ref registers);
        return false;
    }

    private static KernelFaultKind KindOf(Exception error) => error switch
    {
        NullReferenceException => KernelFaultKind.NullReference,
        IndexOutOfRangeException => KernelFaultKind.IndexOutOfRange,
        DivideByZeroException => KernelFaultKind.DivideByZero,
        OverflowException => KernelFaultKind.Overflow,
        InvalidCastException => KernelFaultKind.InvalidCast,
        ArrayTypeMismatchException => KernelFaultKind.ArrayTypeMismatch,
        OutOfMemoryException => KernelFaultKind.OutOfHeap,
        _ => KernelFaultKind.Other,
    };

    internal bool TryReserveHeap(int bytes)
    {
        if (ShouldFail(FaultKind.Heap))
            return false;
        _heapUsed += bytes;
        return true;
    }

    private void ResetFaults()
    {
        Array.Clear(_failAt);
        Array.Clear(_asked);
        _heapUsed = 0;
        FramesOfStacks = 0;
        _unflushed.Clear();
        _areas.Clear();
    }
}
