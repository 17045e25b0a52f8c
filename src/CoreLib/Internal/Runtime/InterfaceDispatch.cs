// Calls through interfaces. The compiled call loads the address of its dispatch cell and jumps to RhpInitialDynamicInterfaceDispatch
// (Boot/runtime.asm), which looks in the cache below and calls Miss when it has no answer.
// Contexts: any. Locks: none. An entry is written once and never changed: its owner claims it with a compare-exchange, writes
// type and target, then the cell, which readers test first; x86 keeps both stores and loads in that order. A full cache
// makes calls slow, not wrong.
using System.Runtime;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Threading;

namespace Internal.Runtime;

/// <summary>What the compiler emits per call site: code, then a tagged relative pointer to the interface. A run of
/// cells ends with one whose code is null and whose word is the interface's slot.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct InterfaceDispatchCell
{
    internal readonly void* Code;
    internal readonly ulong Word;
}

/// <summary>One answer. The assembly knows this layout.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct DispatchCacheEntry
{
    internal nint Cell;
    internal MethodTable* Type;
    internal nint Target;
    internal int Claimed;
}

internal static unsafe class InterfaceDispatch
{
    private const int CacheEntries = 1024, Probes = 4; // as in runtime.asm

    internal static nint Resolve(object receiver, InterfaceDispatchCell* cell)
    {
        var last = cell;
        while (last->Code != null)
            last++;
        var target = Find(receiver.OwnType, InterfaceOf(cell), (ushort)last->Word);
        if (target == 0)
            FaultHook.Raise(FaultKind.Unsupported, "interface method not found");
        return target;
    }

    [RuntimeImport("*", "dispatch_cache_address"), MethodImpl(MethodImplOptions.InternalCall)]
    private static extern DispatchCacheEntry* Cache();

    [RuntimeExport("jiffy_dispatch_miss")]
    private static nint Miss(object receiver, InterfaceDispatchCell* cell)
    {
        var target = Resolve(receiver, cell);
        Remember(cell, receiver.OwnType, target);
        return target;
    }

    private static void Remember(InterfaceDispatchCell* cell, MethodTable* type, nint target)
    {
        var hash = ((uint)cell >> 4) ^ ((uint)type >> 3);
        for (var probe = 0u; probe < Probes; probe++)
        {
            var entry = Cache() + ((hash + probe) & (CacheEntries - 1));
            if (Interlocked.CompareExchange(ref entry->Claimed, 1, 0) != 0)
                continue;
            entry->Type = type;
            entry->Target = target;
            Volatile.Write(ref entry->Cell, (nint)cell);
            return;
        }
    }

    // The pointer is direct when the low bits are 11, else through one word.
    private static MethodTable* InterfaceOf(InterfaceDispatchCell* cell)
    {
        var word = (byte*)&cell->Word;
        var relative = *(int*)word;
        var at = word + (relative & ~3);
        return (relative & 3) == 3 ? (MethodTable*)at : *(MethodTable**)at;
    }

    // The class's own methods win over default implementations in the interfaces.
    private static nint Find(MethodTable* type, MethodTable* wanted, ushort slot)
    {
        var target = Find(type, wanted, slot, false);
        return target != 0 ? target : Find(type, wanted, slot, true);
    }

    private static nint Find(MethodTable* type, MethodTable* wanted, ushort slot, bool defaults)
    {
        for (var owner = type; owner != null; owner = owner->IsArray ? null : owner->Related)
        {
            if (!MethodTable.TryGetDispatchMap(owner, out var map))
                continue;
            var entry = DispatchMap.Entries(map) + (defaults ? map->StandardCount : 0);
            for (var left = defaults ? map->DefaultCount : map->StandardCount; left > 0; left--, entry++)
            {
                if (entry->InterfaceSlot == slot && MethodTable.Interfaces(owner)[entry->InterfaceIndex] == wanted)
                    return Implementation(type, owner, entry->ImplementationSlot);
            }
        }
        return 0;
    }

    private static nint Implementation(MethodTable* type, MethodTable* owner, int slot) => slot < owner->VirtualCount
        ? (nint)MethodTable.VirtualTable(type)[slot]
        : MethodTable.SealedVirtual(owner, slot - owner->VirtualCount);
}
