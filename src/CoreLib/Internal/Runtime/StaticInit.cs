// Start-up of statics that hold references. The compiler lists them in the module header; each gets an object that holds
// the static fields, filled from the image where the compiler could evaluate the initialisers.
// Contexts: boot, once, before any other code that uses such a static.
using System.Runtime;
using System.Runtime.InteropServices;

namespace Internal.Runtime;

public static unsafe class StaticInit
{
    private const int GcStaticRegion = 201; // the section id of ready-to-run headers in ILC 10

    /// <summary>Runs over the headers that the linker collected between <paramref name="first"/> and <paramref name="end"/>.</summary>
    public static void Run(void** first, void** end)
    {
        for (var at = first; at < end; at++)
        {
            if (*at != null)
                RunModule((ModuleHeader*)*at);
        }
    }

    private static void RunModule(ModuleHeader* header)
    {
        var section = (byte*)(header + 1);
        for (var i = 0; i < header->SectionCount; i++, section += header->EntrySize)
        {
            var entry = (ModuleSection*)section;
            if (entry->Id == GcStaticRegion)
                InitialiseRegion(entry->Start, entry->End);
        }
    }

    // Each word is a relative pointer to a block: a tagged relative pointer to the type of the statics' object, and
    // a relative pointer to its initial contents when the second tag bit is set.
    private static void InitialiseRegion(byte* first, byte* end)
    {
        for (var word = (int*)first; word < end; word++)
        {
            var block = (int*)((byte*)word + *word);
            var tagged = *block;
            if ((tagged & 1) == 0)
                continue;
            var type = (MethodTable*)((byte*)block + (tagged & ~3));
            var holder = RuntimeExports.NewObject(type);
            var reference = *(byte**)&holder;
            if ((tagged & 2) != 0)
                Memory.Move(reference + sizeof(ulong), (byte*)(block + 1) + block[1], type->ValueSize);
            *(byte**)block = reference;
        }
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct ModuleHeader
    {
        internal uint Signature;
        internal ushort MajorVersion, MinorVersion;
        internal uint Attributes;
        internal ushort SectionCount;
        internal byte EntrySize, EntryType;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct ModuleSection
    {
        internal int Id, Flags;
        internal byte* Start, End;
    }
}
