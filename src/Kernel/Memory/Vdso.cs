// The shared object that every program gets from the kernel, and the page of clock values below it: made at boot, mapped by exec.
// Both are private mappings of pages that all programs share: reading shares them, and a debugger that writes into the code (mprotect
// allows it) gets a copy. The page of values can never be made writable. Contexts: Init at boot; Map in process context, may sleep.
// Linux: map_vdso(), vdso_mremap(). man 7 vdso.
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Observe;
using Jiffy.Kernel.Structures;
using Jiffy.Machine;

namespace Jiffy.Kernel.Memory;

public static class Vdso
{
    private static SharedPages? s_code, s_values; // set at boot, once; null: the machine has no code

    /// <summary>The page of values, zeros until somebody writes it.</summary>
    public static FrameNumber ValuesFrame { get; private set; }

    /// <summary>Boot, after AddressSpace.Init. Without <paramref name="enabled"/> programs ask the kernel for everything.</summary>
    public static void Init(bool enabled)
    {
        s_code = null;
        s_values = null;
        if (!FrameAllocator.TryTakeUserClear(out var values))
            Invariant.Fail("there is memory for the clock page");
        ValuesFrame = values;
        var image = UserCode.Image;
        if (image.Length == 0 || !enabled)
            return;
        s_values = SharedPages.CreateFixed();
        s_values.AddFixed(values);
        s_code = SharedPages.CreateFixed();
        for (var offset = 0; offset < image.Length; offset += Frames.Size)
        {
            if (!FrameAllocator.TryTake(out var frame))
                Invariant.Fail("there is memory for the vDSO");
            image.Slice(offset, Frames.Size).CopyTo(Frames.Bytes(frame));
            s_code.AddFixed(frame);
        }
    }

    /// <summary>Maps both into a new space: values, then code. May sleep.</summary>
    /// <returns>Where the code begins, zero when there is none; ENOMEM.</returns>
    public static Result<ulong> Map(AddressSpace space)
    {
        if (s_code is null || s_values is null)
            return 0UL;
        var start = space.FindRoomFor(s_values.FixedBytes + s_code.FixedBytes);
        if (start == 0)
            return Errno.ENOMEM;
        var code = start + s_values.FixedBytes;
        var error = space.MapFixedPages(start, s_values, Protection.PROT_READ, AreaFlags.DontDump);
        if (error == Errno.None)
            error = space.MapFixedPages(code, s_code, Protection.PROT_READ | Protection.PROT_EXEC, AreaFlags.MayWrite | AreaFlags.MayExecute);
        return error == Errno.None ? code : error;
    }

    internal static bool IsCode(Area area) => area.Shared is not null && area.Shared == s_code;

    internal static bool IsValues(Area area) => area.Shared is not null && area.Shared == s_values;
}
