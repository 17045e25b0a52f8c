// The few facts the tool needs of a 64-bit little-endian ELF file: its kind, its entry, its program headers.
using System;
using System.Buffers.Binary;
using System.IO;

namespace Jiffy.Cli.Host;

internal static class ElfFile
{
    private const int HeaderSize = 64;
    private const ushort MachineX64 = 62;
    private const uint SegmentInterpreter = 3;

    /// <summary>True for an x86-64 program that needs no dynamic linker.</summary>
    public static bool IsStatic(string path)
    {
        var header = ReadHeader(path);
        if (header is null || U16(header, 18) != MachineX64)
            return false;
        using var file = File.OpenRead(path);
        file.Position = (long)U64(header, 32);
        var size = U16(header, 54);
        var segment = new byte[size];
        for (var left = (int)U16(header, 56); left > 0; left--)
        {
            file.ReadExactly(segment);
            if (BinaryPrimitives.ReadUInt32LittleEndian(segment) == SegmentInterpreter)
                return false;
        }
        return true;
    }

    public static bool IsElf(string path) => ReadHeader(path) is not null;

    /// <summary>The address of the first instruction.</summary>
    public static ulong EntryPoint(string path) =>
        U64(ReadHeader(path) ?? throw new CliFailure($"{path} is not a 64-bit ELF file"), 24);

    private static byte[]? ReadHeader(string path)
    {
        using var file = File.OpenRead(path);
        var header = new byte[HeaderSize];
        if (file.ReadAtLeast(header, HeaderSize, throwOnEndOfStream: false) < HeaderSize)
            return null;
        ReadOnlySpan<byte> magic = [0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1];
        return header.AsSpan().StartsWith(magic) ? header : null;
    }

    private static ushort U16(byte[] bytes, int offset) => BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(offset));

    private static ulong U64(byte[] bytes, int offset) => BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(offset));
}
