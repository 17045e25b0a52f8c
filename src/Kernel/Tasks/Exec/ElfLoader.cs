// Maps a program, and the interpreter it names, into a fresh address space.
// Context: process; may sleep. The new space is already the current task's. Linux: load_elf_binary(). man 5 elf.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Structures;
using Jiffy.Machine;

namespace Jiffy.Kernel.Tasks.Exec;

/// <summary>What an image on disk asks for, read and checked before the old program is given up.</summary>
internal struct ElfImage
{
    /// <summary>Program headers must fit in one page, as Linux has it.</summary>
    public const int MaxHeaders = Frames.Size / ProgramHeader.Bytes;

    public ElfHeader Header;
    public ulong LowestAddress, HighestAddress;

    /// <summary>What a position-independent image's place must be a multiple of: a power of two, at least a page.</summary>
    public ulong Alignment;

    /// <summary>Offset and length of the interpreter's name in the file; zero length: none.</summary>
    public ulong InterpreterOffset;
    public int InterpreterLength;

    /// <summary>Set by <see cref="ElfLoader.Map"/>: what was added to all addresses, and where things ended up.</summary>
    public ulong Bias, Entry, HeadersAddress, Break;
}

internal static class ElfLoader
{
    /// <summary>Where position-independent programs go: two thirds up the address space, as on Linux, or randomly above that.</summary>
    private const ulong PositionIndependentBase = 0x5555_5555_4000;

    /// <summary>Pages over which the place is random, as a power of two: Linux's default for x86-64.</summary>
    private const int RandomPageBits = 28;

    /// <summary>Wishes beyond a giant page are not granted.</summary>
    private const ulong MaxAlignment = 1UL << 30;

    /// <summary>Reads the headers of <paramref name="file"/>. ENOEXEC: not a program this kernel runs.</summary>
    public static Errno Read(OpenFile file, out ElfImage image)
    {
        image = default;
        Span<byte> start = stackalloc byte[ElfHeader.Bytes];
        var got = file.ReadKernel(start, 0);
        if (!got.IsOk)
            return got.Error;
        if (!ElfHeader.TryRead(start.Slice(0, got.Value), out image.Header))
            return Errno.ENOEXEC;
        if (image.Header.ProgramHeaderCount is < 1 or > MaxHeaderCount)
            return Errno.ENOEXEC;
        image.LowestAddress = ulong.MaxValue;
        image.Alignment = Frames.Size;
        for (var i = 0; i < image.Header.ProgramHeaderCount; i++)
        {
            var error = ReadHeader(file, image.Header, i, out var header);
            if (error == Errno.None)
                error = Survey(header, ref image);
            if (error != Errno.None)
                return error;
        }

        return image.LowestAddress < image.HighestAddress ? Errno.None : Errno.ENOEXEC;
    }

    /// <summary>Bytes of an interpreter's name, with the zero at its end: PATH_MAX.</summary>
    private const int MaxInterpreterName = Frames.Size;

    private const int MaxHeaderCount = ElfImage.MaxHeaders;

    private static Errno ReadHeader(OpenFile file, in ElfHeader elf, int index, out ProgramHeader header)
    {
        Span<byte> bytes = stackalloc byte[ProgramHeader.Bytes];
        var offset = elf.ProgramHeaderOffset + (ulong)index * ProgramHeader.Bytes;
        header = default;
        if (offset > long.MaxValue - ProgramHeader.Bytes)
            return Errno.ENOEXEC;
        var got = file.ReadKernel(bytes, (long)offset);
        if (!got.IsOk)
            return got.Error;
        if (got.Value != ProgramHeader.Bytes)
            return Errno.ENOEXEC;
        header = new ProgramHeader(bytes);
        return Errno.None;
    }

    private static Errno Survey(in ProgramHeader header, ref ElfImage image)
    {
        if (header.Type == ProgramHeader.PT_INTERP && image.InterpreterLength == 0)
        {
            if (header.FileBytes is < 2 or > MaxInterpreterName)
                return Errno.ENOEXEC;
            image.InterpreterOffset = header.Offset;
            image.InterpreterLength = (int)header.FileBytes;
        }

        if (header.Type != ProgramHeader.PT_LOAD || header.MemoryBytes == 0)
            return Errno.None;
        if (header.FileBytes > header.MemoryBytes || header.MemoryBytes > UserMemory.Limit || header.Address > UserMemory.Limit - header.MemoryBytes)
            return Errno.ENOEXEC;
        if (((header.Address ^ header.Offset) & (Frames.Size - 1)) != 0 || header.Offset > long.MaxValue - header.FileBytes)
            return Errno.ENOEXEC;
        image.LowestAddress = Math.Min(image.LowestAddress, PageDown(header.Address));
        image.HighestAddress = Math.Max(image.HighestAddress, PageUp(header.Address + header.MemoryBytes));
        if ((header.Align & (header.Align - 1)) == 0 && header.Align <= MaxAlignment)
            image.Alignment = Math.Max(image.Alignment, header.Align);
        return Errno.None;
    }

    /// <summary>Maps all segments. <paramref name="interpreter"/>: placed by the kernel among the mappings instead of at its fixed base.</summary>
    public static Errno Map(AddressSpace space, OpenFile file, ref ElfImage image, bool interpreter)
    {
        if (image.Header.Type == ElfHeader.ET_DYN)
        {
            var error = ChooseBias(space, ref image, interpreter);
            if (error != Errno.None)
                return error;
        }

        for (var i = 0; i < image.Header.ProgramHeaderCount; i++)
        {
            var error = ReadHeader(file, image.Header, i, out var header);
            if (error == Errno.None && header.Type == ProgramHeader.PT_LOAD && header.MemoryBytes != 0)
                error = MapSegment(space, file, header, ref image, interpreter);
            if (error != Errno.None)
                return error;
        }

        image.Entry = image.Header.Entry + image.Bias;
        return image.Entry < UserMemory.Limit ? Errno.None : Errno.ENOEXEC;
    }

    private static Errno ChooseBias(AddressSpace space, ref ElfImage image, bool interpreter)
    {
        if (!interpreter)
        {
            image.Bias = AlignUp(PositionIndependentBase + MemoryLayout.RandomOffset(RandomPageBits), image) - image.LowestAddress;
            return Errno.None;
        }

        // Reserves a gap that holds the whole image, to find where it fits; the segments then replace it.
        var bytes = image.HighestAddress - image.LowestAddress + image.Alignment - Frames.Size;
        var gap = space.Map(0, bytes, Protection.PROT_NONE, MapFlags.MAP_PRIVATE | MapFlags.MAP_ANONYMOUS, null, 0);
        if (!gap.IsOk)
            return gap.Error;
        space.Unmap(gap.Value, bytes);
        image.Bias = AlignUp(gap.Value, image) - image.LowestAddress;
        return Errno.None;
    }

    // The lowest place from an address on where the image's addresses keep their remainders.
    private static ulong AlignUp(ulong from, in ElfImage image) =>
        from + ((image.LowestAddress - from) & (image.Alignment - 1));

    private static Errno MapSegment(AddressSpace space, OpenFile file, in ProgramHeader header, ref ElfImage image, bool interpreter)
    {
        var protection = ProtectionOf(header.Flags);
        var start = header.Address + image.Bias;
        var page = PageDown(start);
        var fileEnd = start + header.FileBytes;
        var memoryEnd = start + header.MemoryBytes;
        var mappedEnd = page;
        if (header.FileBytes != 0)
        {
            mappedEnd = PageUp(fileEnd);
            var offset = (long)(header.Offset - (start - page));
            var mapped = space.Map(page, mappedEnd - page, protection, MapFlags.MAP_PRIVATE | MapFlags.MAP_FIXED, file, offset);
            if (!mapped.IsOk)
                return mapped.Error;
        }

        if (PageUp(memoryEnd) > mappedEnd)
        {
            var rest = space.Map(mappedEnd, PageUp(memoryEnd) - mappedEnd, protection, MapFlags.MAP_PRIVATE | MapFlags.MAP_FIXED | MapFlags.MAP_ANONYMOUS, null, 0);
            if (!rest.IsOk)
                return rest.Error;
        }

        // The file's last page goes on with other bytes of the file where the program wants zeros, to the page's end: programs use what is
        // left of the page after their data, glibc's ld.so for its first allocations.
        if (header.FileBytes != 0 && memoryEnd > fileEnd && fileEnd < mappedEnd && (header.Flags & ProgramHeader.PF_W) != 0)
        {
            if (!UserMemory.TryClear(fileEnd, mappedEnd - fileEnd))
                return Errno.EFAULT;
        }

        Note(space, header, image.Header, start, ref image, interpreter);
        return Errno.None;
    }

    /// <summary>Keeps what /proc and the auxiliary vector tell of the program.</summary>
    private static void Note(AddressSpace space, in ProgramHeader header, in ElfHeader elf, ulong start, ref ElfImage image, bool interpreter)
    {
        var tableEnd = elf.ProgramHeaderOffset + (ulong)elf.ProgramHeaderCount * ProgramHeader.Bytes;
        if (elf.ProgramHeaderOffset >= header.Offset && tableEnd <= header.Offset + header.FileBytes)
            image.HeadersAddress = start + (elf.ProgramHeaderOffset - header.Offset);
        var end = start + header.MemoryBytes;
        image.Break = Math.Max(image.Break, end);
        if (interpreter)
            return;
        if ((header.Flags & ProgramHeader.PF_X) != 0)
        {
            space.CodeStart = space.CodeStart == 0 ? start : Math.Min(space.CodeStart, start);
            space.CodeEnd = Math.Max(space.CodeEnd, start + header.FileBytes);
        }
        else if ((header.Flags & ProgramHeader.PF_W) != 0)
        {
            space.DataStart = Math.Max(space.DataStart, start);
            space.DataEnd = Math.Max(space.DataEnd, start + header.FileBytes);
        }
    }

    private static Protection ProtectionOf(uint flags)
    {
        var protection = Protection.PROT_NONE;
        if ((flags & ProgramHeader.PF_R) != 0)
            protection |= Protection.PROT_READ;
        if ((flags & ProgramHeader.PF_W) != 0)
            protection |= Protection.PROT_WRITE;
        if ((flags & ProgramHeader.PF_X) != 0)
            protection |= Protection.PROT_EXEC;
        return protection;
    }

    private static ulong PageDown(ulong address) => address & ~(ulong)(Frames.Size - 1);

    private static ulong PageUp(ulong address) => (address + Frames.Size - 1) & ~(ulong)(Frames.Size - 1);
}
