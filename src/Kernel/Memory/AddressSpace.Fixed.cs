// Mappings of pages that the kernel made and keeps: the vDSO. Context: process, exec; may sleep. Lock: _lock.
// Linux: _install_special_mapping().
using Jiffy.Kernel.Abi;
using Jiffy.Machine;

namespace Jiffy.Kernel.Memory;

public sealed partial class AddressSpace
{
    /// <summary>Where a mapping of so many bytes would be placed; zero: no room. Stays true while nobody else uses the space.</summary>
    internal ulong FindRoomFor(ulong bytes)
    {
        using (_lock.Acquire())
            return FindRoom(bytes, below2GiB: false);
    }

    /// <summary>A private mapping of all of <paramref name="pages"/> at a free place. ENOMEM.</summary>
    internal Errno MapFixedPages(ulong start, SharedPages pages, Protection protection, AreaFlags flags)
    {
        if (!Area.Pool.TryTake(out var area))
            return Errno.ENOMEM;
        area.Start = start;
        area.End = start + pages.FixedBytes;
        area.Protection = protection;
        area.Flags = flags;
        area.FirstPage = 0;
        area.HasAnonymous = false;
        area.File = null;
        area.Shared = pages;
        using (_lock.Acquire())
        {
            var error = CheckRoom(area, area.Pages);
            if (error == Errno.None)
            {
                pages.AddUser();
                Link(area);
                return Errno.None;
            }
        }

        area.Shared = null;
        Area.Pool.Give(area);
        return Errno.ENOMEM;
    }
}
