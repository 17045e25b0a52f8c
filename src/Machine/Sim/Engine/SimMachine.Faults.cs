// Faults on demand: the kernel's allocators fail when a test says so, to see that everything done is undone.
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
        _unflushed.Clear();
    }
}
