// A linked or relocatable 64-bit ELF file, as far as the build must read it: sections, symbols, relocations.
using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;

namespace Jiffy.Cli.Build;

internal sealed record ElfSection(string Name, uint Type, ulong Flags, ulong Address, int Offset, int Size, int Link, int Info);

internal sealed record ElfSymbol(string Name, ulong Address, ulong Size, byte Kind, ushort Section);

internal sealed class ElfImage
{
    public const uint SymbolTableSection = 2, RelocationSection = 4, NoContents = 8;
    public const ulong Allocated = 2, ExecutableFlag = 4;
    public const byte FunctionKind = 2, NoKind = 0;

    private readonly byte[] _bytes;

    public ElfImage(string path)
    {
        _bytes = File.ReadAllBytes(path);
        Sections = ReadSections();
        Symbols = ReadSymbols();
    }

    public IReadOnlyList<ElfSection> Sections { get; }

    public IReadOnlyList<ElfSymbol> Symbols { get; }

    public ElfSection? Find(string section) => Sections.FirstOrDefault(candidate => candidate.Name == section);

    public ReadOnlySpan<byte> Contents(ElfSection section) =>
        section.Type == NoContents ? default : _bytes.AsSpan(section.Offset, section.Size);

    public ReadOnlySpan<byte> Contents(string section) => Find(section) is { } found ? Contents(found) : default;

    /// <summary>The address of a symbol that must exist.</summary>
    public ulong AddressOf(string symbol) => Symbols.First(candidate => candidate.Name == symbol).Address;

    private ElfSection[] ReadSections()
    {
        var table = (int)U64(40);
        var size = U16(58);
        var headers = Enumerable.Range(0, U16(60)).Select(i => table + i * size).ToArray();
        var names = (int)U64(headers[U16(62)] + 24);
        return headers.Select(at => new ElfSection(
            Text(names + (int)U32(at)), U32(at + 4), U64(at + 8), U64(at + 16),
            (int)U64(at + 24), (int)U64(at + 32), (int)U32(at + 40), (int)U32(at + 44))).ToArray();
    }

    private List<ElfSymbol> ReadSymbols()
    {
        var symbols = new List<ElfSymbol>();
        foreach (var section in Sections.Where(section => section.Type == SymbolTableSection))
        {
            var names = Sections[section.Link].Offset;
            for (var at = section.Offset; at < section.Offset + section.Size; at += 24)
                symbols.Add(new ElfSymbol(Text(names + (int)U32(at)), U64(at + 8), U64(at + 16), (byte)(_bytes[at + 4] & 15), U16(at + 6)));
        }
        return symbols;
    }

    private string Text(int at) => Encoding.UTF8.GetString(_bytes, at, Array.IndexOf(_bytes, (byte)0, at) - at);

    private ushort U16(int at) => BinaryPrimitives.ReadUInt16LittleEndian(_bytes.AsSpan(at));

    private uint U32(int at) => BinaryPrimitives.ReadUInt32LittleEndian(_bytes.AsSpan(at));

    private ulong U64(int at) => BinaryPrimitives.ReadUInt64LittleEndian(_bytes.AsSpan(at));
}
