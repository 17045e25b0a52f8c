// The sums over a space: pages mapped by kind, pages present by kind, and their peaks; and the limits they are held against.
// Lock: _lock for writing; single words are read bare. Linux: vm_stat_account(), struct mm_rss_stat.
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Memory;

public sealed partial class AddressSpace
{
    private long _totalPages, _dataPages, _codePages, _stackPages, _lockedPages, _peakTotalPages;
    private long _anonymousPages, _filePages, _sharedPages, _peakResidentPages;

    /// <summary>Pages mapped: all, private writable, executable from files, stacks, locked. /proc/PID/status VmSize and so on.</summary>
    public long TotalPages => _totalPages;
    public long DataPages => _dataPages;
    public long CodePages => _codePages;
    public long StackPages => _stackPages;
    public long LockedPages => _lockedPages;
    public long PeakTotalPages => _peakTotalPages;

    /// <summary>Pages present: the space's own, files', shared anonymous ones. VmRSS is their sum.</summary>
    public long AnonymousPages => _anonymousPages;
    public long FilePages => _filePages;
    public long SharedAnonymousPages => _sharedPages;
    public long ResidentPages => _anonymousPages + _filePages + _sharedPages;
    public long PeakResidentPages => _peakResidentPages;

    /// <summary>Pages present and the frames of the page table. Slow; TaskTree.Lock held over a task that uses the space.</summary>
    internal long FramesHeld => ResidentPages + _table.CountFrames();

    /// <summary>How many areas there are.</summary>
    public int AreaCount => _areas.Count;

    private void ResetCounts()
    {
        _areas = default;
        _totalPages = _dataPages = _codePages = _stackPages = _lockedPages = _peakTotalPages = 0;
        _anonymousPages = _filePages = _sharedPages = _peakResidentPages = 0;
    }

    private void CountArea(Area area, long pages)
    {
        _totalPages += pages;
        if (_totalPages > _peakTotalPages)
            _peakTotalPages = _totalPages;
        if (area.IsLocked)
            _lockedPages += pages;
        if (area.GrowsDown)
            _stackPages += pages;
        else if (area.IsData)
            _dataPages += pages;
        else if (area.IsExecutable && !area.IsWritable)
            _codePages += pages;
    }

    private void CountPage(Area area, PageFlags flags, int pages)
    {
        if ((flags & ZeroPageMark) != 0)
            return;
        if ((flags & OwnPageMark) != 0)
            _anonymousPages += pages;
        else if (area.Shared is not null)
            _sharedPages += pages;
        else
            _filePages += pages;
        if (pages > 0 && ResidentPages > _peakResidentPages)
            _peakResidentPages = ResidentPages;
    }

    // May an area of this kind grow the space by so many pages? ENOMEM: a limit, or more than the machine could ever hold.
    private Errno CheckRoom(Area kind, long pages)
    {
        if (IsOver(_totalPages + pages, Resource.AS))
            return Errno.ENOMEM;
        if (kind.IsData && IsOver(_dataPages + pages, Resource.DATA))
            return Errno.ENOMEM;
        return NeedsMemory(kind) && pages > FrameAllocator.TotalFrames ? Errno.ENOMEM : Errno.None;
    }

    // Contents of such an area need frames of their own, unless the program said that it will not use all.
    private static bool NeedsMemory(Area area) =>
        (area.Flags & AreaFlags.NoReserve) == 0 && (area.Shared is not null || (area.IsWritable && !area.IsShared));

    // EAGAIN: locking so many pages more is over RLIMIT_MEMLOCK; the mlock calls say ENOMEM or EPERM instead.
    private bool MayLock(long pages) => !IsOver(_lockedPages + pages, Resource.MEMLOCK) || IsPrivileged;

    private static bool IsOver(long pages, Resource resource) => (ulong)pages << MemoryLayout.PageShift > SoftLimit(resource);
}
