// A plain picture of an address space: a protection and contents per page. Random calls are made on both and must agree.
using System;
using System.Collections.Generic;
using System.Linq;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;
using Xunit;

namespace Jiffy.Tests.Sim.Memory;

/// <summary>What a shared mapping's pages hold, for all who map them.</summary>
internal sealed class SharedModel
{
    public Dictionary<int, byte[]> Pages { get; } = new();
}

internal readonly record struct PageModel(int Protection, byte[]? Own, SharedModel? Shared, int Index)
{
    public byte[]? Contents => Shared is null ? Own : Shared.Pages.GetValueOrDefault(Index);
}

internal sealed class SpaceModel
{
    public const ulong Base = 0x1000_0000;
    public const int PageCount = 64;

    private readonly Dictionary<int, PageModel> _pages;
    private readonly string _seed;

    public SpaceModel(AddressSpace space, string seed)
        : this(space, seed, new())
    {
    }

    private SpaceModel(AddressSpace space, string seed, Dictionary<int, PageModel> pages)
    {
        Space = space;
        _seed = seed;
        _pages = pages;
    }

    public AddressSpace Space { get; }

    /// <summary>Memory is so short that any call may fail; what it did then is taken over from the space.</summary>
    public bool MayFail { get; init; }

    public void Map(int first, int count, int protection, bool shared, bool populate)
    {
        var flags = MapFlags.MAP_ANONYMOUS | MapFlags.MAP_FIXED | (shared ? MapFlags.MAP_SHARED : MapFlags.MAP_PRIVATE);
        if (populate)
            flags |= MapFlags.MAP_POPULATE;
        var result = Space.Map(At(first), Bytes(count), (Protection)protection, flags, null, 0);
        if (!Succeeded(result.Error, "mmap"))
            return;
        Assert.Equal(At(first), result.Value);
        var contents = shared ? new SharedModel() : null;
        for (var i = 0; i < count; i++)
            _pages[first + i] = new PageModel(protection, null, contents, i);
    }

    public void Unmap(int first, int count)
    {
        if (!Succeeded(Space.Unmap(At(first), Bytes(count)), "munmap"))
            return;
        for (var i = 0; i < count; i++)
            _pages.Remove(first + i);
    }

    public void Protect(int first, int count, int protection)
    {
        var error = Space.Protect(At(first), Bytes(count), (Protection)protection);
        if (!Enumerable.Range(first, count).All(_pages.ContainsKey))
        {
            Assert.Equal(Errno.ENOMEM, error);
            return;
        }

        if (!Succeeded(error, "mprotect"))
            return;
        for (var i = 0; i < count; i++)
            _pages[first + i] = _pages[first + i] with { Protection = protection };
    }

    public void Forget(int first, int count)
    {
        var error = Space.Advise(At(first), Bytes(count), Advice.MADV_DONTNEED);
        var covered = Enumerable.Range(first, count).All(_pages.ContainsKey);
        Assert.Equal(covered ? Errno.None : Errno.ENOMEM, error);
        for (var i = first; i < first + count; i++)
        {
            if (_pages.TryGetValue(i, out var page) && page.Shared is null)
                _pages[i] = page with { Own = null };
        }
    }

    public void Move(int first, int count, int newCount, int target)
    {
        const RemapFlags Flags = RemapFlags.MREMAP_MAYMOVE | RemapFlags.MREMAP_FIXED;
        var result = Space.Remap(At(first), Bytes(count), Bytes(newCount), Flags, At(target));
        if (target < first + count && first < target + newCount)
        {
            Assert.Equal(Errno.EINVAL, result.Error);
            return;
        }

        if (result.Error is Errno.EFAULT or Errno.ENOMEM)
        {
            ForgetUnmapped();
            return;
        }

        Assert.Equal(Errno.None, result.Error);
        var old = Enumerable.Range(first, Math.Min(count, newCount)).Select(page => _pages[page]).ToArray();
        for (var i = 0; i < count; i++)
            _pages.Remove(first + i);
        for (var i = 0; i < newCount; i++)
            _pages[target + i] = i < old.Length ? old[i] : old[0] with { Own = null, Index = old[0].Index + i };
    }

    public void Write(int page, int offset, byte value)
    {
        Span<byte> one = [value];
        var worked = UserMemory.TryWrite(At(page) + (ulong)offset, one);
        var allowed = _pages.TryGetValue(page, out var model) && (model.Protection & 2) != 0;
        Assert.True(worked == allowed || (allowed && MayFail), $"{_seed}: write to page {page} gave {worked}");
        if (!worked)
            return;
        var contents = model.Contents is { } before ? (byte[])before.Clone() : new byte[Frames.Size];
        contents[offset] = value;
        if (model.Shared is { } shared)
            shared.Pages[model.Index] = contents;
        else
            _pages[page] = model with { Own = contents };
    }

    public void Read(int page)
    {
        var bytes = new byte[Frames.Size];
        var worked = UserMemory.TryRead(At(page), bytes);
        var allowed = _pages.TryGetValue(page, out var model) && model.Protection != 0;
        Assert.True(worked == allowed || (allowed && MayFail), $"{_seed}: read of page {page} gave {worked}");
        if (worked)
            Assert.True(bytes.AsSpan().SequenceEqual(model.Contents ?? new byte[Frames.Size]), $"{_seed}: page {page} has other contents");
    }

    public SpaceModel? Fork()
    {
        var result = Space.Fork();
        return Succeeded(result.Error, "fork") ? new SpaceModel(result.Value, _seed, new(_pages)) { MayFail = MayFail } : null;
    }

    /// <summary>Makes the running task use this space; the scheduler does as much between tasks.</summary>
    public void Load()
    {
        var task = Task.Current;
        var wereOn = Cpu.DisableInterrupts();
        task.Memory = Space;
        AddressSpace.SwitchTask(task, task);
        Cpu.RestoreInterrupts(wereOn);
    }

    /// <summary>The areas, joined as far as they can be, and all sums agree with the picture.</summary>
    public void Check()
    {
        var seen = 0;
        long resident = 0;
        AreaDescription last = default;
        for (ulong at = 0; Space.TryDescribeArea(at, withPages: true, out var area); at = area.End)
        {
            Assert.True(area.Start >= last.End, $"{_seed}: areas overlap");
            Assert.False(CouldJoin(last, area), $"{_seed}: two areas at {area.Start:x} could be one");
            for (var page = area.Start; page < area.End; page += Frames.Size, seen++)
            {
                Assert.True(_pages.TryGetValue((int)((page - Base) / Frames.Size), out var model), $"{_seed}: {page:x} should not be mapped");
                Assert.Equal(model.Protection, (int)area.Protection);
                Assert.Equal(model.Shared is not null, area.IsShared);
            }

            resident += area.Pages.Resident;
            last = area;
        }

        Assert.Equal(_pages.Count, seen);
        Assert.Equal(seen, Space.TotalPages);
        Assert.Equal(resident, Space.ResidentPages);
    }

    private static bool CouldJoin(in AreaDescription a, in AreaDescription b) =>
        a.End == b.Start && a.Protection == b.Protection && a.Flags == b.Flags && a.SharedId == 0 && b.SharedId == 0;

    private bool Succeeded(Errno error, string call)
    {
        if (error == Errno.None)
            return true;
        Assert.True(MayFail && error == Errno.ENOMEM, $"{_seed}: {call} gave {error}");
        ForgetUnmapped();
        return false;
    }

    private void ForgetUnmapped()
    {
        foreach (var page in _pages.Keys.ToArray())
        {
            if (!Space.TryDescribeArea(At(page), withPages: false, out var area) || area.Start > At(page))
                _pages.Remove(page);
        }
    }

    private static ulong At(int page) => Base + Bytes(page);

    private static ulong Bytes(int pages) => (ulong)pages * Frames.Size;
}
