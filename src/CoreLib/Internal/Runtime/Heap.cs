// Memory for objects, which are never given back. Regions form a chain; allocation bumps a cursor in the current one.
// Contexts: any, hardirq included. Locks: none: the cursor moves by compare-exchange, and so does the current region when it is
// used up (what is left at its end is lost). Memory is cleared when it is handed out, so unused memory is never touched.
using System.Runtime.InteropServices;
using System.Threading;

namespace Internal.Runtime;

public static unsafe class Heap
{
    // For CPUs that reserve at the same time: what all of them may take before one finds the heap empty.
    private const ulong Slack = 32 * 1024;

    private static nint s_current;
    private static long s_used;

    /// <summary>Bytes in objects, headers included.</summary>
    public static long Used => Volatile.Read(ref s_used);

    /// <summary>Start-up: the first region, before the first object.</summary>
    public static void Initialize(byte* start, ulong length)
    {
        s_current = (nint)Region.Create(start, length);
        s_used = 0;
    }

    /// <summary>More memory. At least a few KiB, aligned to 8.</summary>
    public static void AddRegion(byte* start, ulong length)
    {
        var added = (nint)Region.Create(start, length);
        var last = (Region*)Volatile.Read(ref s_current);
        while (true)
        {
            var next = Interlocked.CompareExchange(ref last->Next, added, 0);
            if (next == 0)
                return;
            last = (Region*)next;
        }
    }

    /// <summary>True when objects of so many bytes in all fit without another region.</summary>
    public static bool TryReserve(ulong bytes)
    {
        for (var region = (Region*)Volatile.Read(ref s_current); region != null; region = (Region*)Volatile.Read(ref region->Next))
        {
            if (region->Left >= bytes + Slack)
                return true;
        }
        return false;
    }

    /// <summary>Cleared memory aligned to 8 bytes. Out of memory is a kernel fault: growth is reserved beforehand.</summary>
    internal static byte* Allocate(ulong bytes)
    {
        bytes = (bytes + 7) & ~7UL;
        while (true)
        {
            var current = Volatile.Read(ref s_current);
            var region = (Region*)current;
            if (region == null)
                FaultHook.Raise(FaultKind.OutOfHeap);
            if (region->TryTake(bytes, out var taken))
            {
                Interlocked.Add(ref s_used, (long)bytes);
                Memory.Set(taken, 0, (nuint)bytes);
                return taken;
            }
            var next = Volatile.Read(ref region->Next);
            if (next == 0)
                FaultHook.Raise(FaultKind.OutOfHeap);
            Interlocked.CompareExchange(ref s_current, next, current);
        }
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Region
    {
        internal nint Next;
        private nint _cursor;
        private nint _end;

        internal static Region* Create(byte* start, ulong length)
        {
            var region = (Region*)start;
            region->Next = 0;
            region->_cursor = (nint)(region + 1);
            region->_end = (nint)(start + length);
            return region;
        }

        internal ulong Left => (ulong)(_end - Volatile.Read(ref _cursor));

        internal bool TryTake(ulong bytes, out byte* taken)
        {
            while (true)
            {
                var cursor = Volatile.Read(ref _cursor);
                taken = (byte*)cursor;
                if ((ulong)(_end - cursor) < bytes)
                    return false;
                if (Interlocked.CompareExchange(ref _cursor, cursor + (nint)bytes, cursor) == cursor)
                    return true;
            }
        }
    }
}
