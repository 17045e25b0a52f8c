// The parts of the ELF-64 format that starting a program needs. man 5 elf. Read in place from bytes: little endian.
using System;
using System.Buffers.Binary;

namespace Jiffy.Kernel.Abi;

public readonly struct ElfHeader
{
    public const int Bytes = 64;
    public const int ET_EXEC = 2, ET_DYN = 3;
    private const int EM_X86_64 = 62;

    /// <summary>Magic, 64-bit, little endian.</summary>
    private static ReadOnlySpan<byte> Magic => [0x7f, 0x45, 0x4c, 0x46, 2, 1];

    public readonly int Type;
    public readonly ulong Entry;
    public readonly ulong ProgramHeaderOffset;
    public readonly int ProgramHeaderCount;

    private ElfHeader(ReadOnlySpan<byte> bytes)
    {
        Type = BinaryPrimitives.ReadUInt16LittleEndian(bytes.Slice(16));
        Entry = BinaryPrimitives.ReadUInt64LittleEndian(bytes.Slice(24));
        ProgramHeaderOffset = BinaryPrimitives.ReadUInt64LittleEndian(bytes.Slice(32));
        ProgramHeaderCount = BinaryPrimitives.ReadUInt16LittleEndian(bytes.Slice(56));
    }

    /// <summary>Reads and checks a header. False: not a 64-bit little-endian x86-64 program.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out ElfHeader header)
    {
        header = default;
        if (bytes.Length < Bytes || !bytes.StartsWith(Magic))
            return false;
        if (BinaryPrimitives.ReadUInt16LittleEndian(bytes.Slice(18)) != EM_X86_64)
            return false;
        if (BinaryPrimitives.ReadUInt16LittleEndian(bytes.Slice(54)) != ProgramHeader.Bytes)
            return false;
        header = new ElfHeader(bytes);
        return header.Type is ET_EXEC or ET_DYN;
    }
}

public readonly struct ProgramHeader
{
    public const int Bytes = 56;
    public const uint PT_LOAD = 1, PT_INTERP = 3, PT_PHDR = 6;
    public const uint PF_X = 1, PF_W = 2, PF_R = 4;

    public readonly uint Type, Flags;
    public readonly ulong Offset, Address, FileBytes, MemoryBytes, Align;

    public ProgramHeader(ReadOnlySpan<byte> bytes)
    {
        Type = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        Flags = BinaryPrimitives.ReadUInt32LittleEndian(bytes.Slice(4));
        Offset = BinaryPrimitives.ReadUInt64LittleEndian(bytes.Slice(8));
        Address = BinaryPrimitives.ReadUInt64LittleEndian(bytes.Slice(16));
        FileBytes = BinaryPrimitives.ReadUInt64LittleEndian(bytes.Slice(32));
        MemoryBytes = BinaryPrimitives.ReadUInt64LittleEndian(bytes.Slice(40));
        Align = BinaryPrimitives.ReadUInt64LittleEndian(bytes.Slice(48));
    }
}

/// <summary>Entries of the auxiliary vector. man 3 getauxval.</summary>
public static class Auxiliary
{
    public const ulong AT_NULL = 0;
    public const ulong AT_PHDR = 3;
    public const ulong AT_PHENT = 4;
    public const ulong AT_PHNUM = 5;
    public const ulong AT_PAGESZ = 6;
    public const ulong AT_BASE = 7;
    public const ulong AT_FLAGS = 8;
    public const ulong AT_ENTRY = 9;
    public const ulong AT_UID = 11;
    public const ulong AT_EUID = 12;
    public const ulong AT_GID = 13;
    public const ulong AT_EGID = 14;
    public const ulong AT_PLATFORM = 15;
    public const ulong AT_HWCAP = 16;
    public const ulong AT_CLKTCK = 17;
    public const ulong AT_SECURE = 23;
    public const ulong AT_RANDOM = 25;
    public const ulong AT_HWCAP2 = 26;
    public const ulong AT_EXECFN = 31;
    public const ulong AT_SYSINFO_EHDR = 33;
    public const ulong AT_MINSIGSTKSZ = 51;
}
