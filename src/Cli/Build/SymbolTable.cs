// Writes the symbol table that the kernel carries, for fault reports: names and lines of functions, and an index of their frame
// descriptions for the stack walker. All sorted by address, so that the kernel finds entries by binary search in place.
//
// Layout, little-endian; addresses are relative to the start of the code, other offsets to the start of the table:
//   header      8 words of 32 bits: magic "JSYM", functions' count and offset, frames' count and offset, files' count and
//               offset, the table's size
//   functions   address, length, name's offset, lines' offset (0: none): 4 words each
//   frames      function's address, description's offset in .eh_frame: 2 words each
//   files       name's offset: 1 word each
//   lines       per function: the file's number, the first line; then pairs of (address step, zigzag line step), numbers of
//               variable length; an address step of 0 ends the list
//   texts       each a length byte or two (variable length), then UTF-8
using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using Jiffy.Cli.Host;

namespace Jiffy.Cli.Build;

internal sealed class SymbolTable
{
    private const uint Magic = 0x4d59534a;
    private const int HeaderBytes = 32, FunctionBytes = 16, FrameBytes = 8, FileBytes = 4;

    private readonly ElfImage _image;
    private readonly ReadableNames _names;
    private readonly ulong _codeStart, _codeEnd;
    private readonly List<byte> _tail = [];
    private readonly Dictionary<string, int> _files = [];
    private readonly Dictionary<string, uint> _texts = [];
    private int _tailStart;

    private SymbolTable(ElfImage image, ReadableNames names)
    {
        _image = image;
        _names = names;
        _codeStart = image.AddressOf("__text_start");
        _codeEnd = image.AddressOf("__text_end");
    }

    public static byte[] Make(ElfImage image, ReadableNames names) => new SymbolTable(image, names).Make();

    private byte[] Make()
    {
        var functions = Functions();
        var lines = DwarfLines.Read(_image.Contents(".debug_line")).Where(row => row.Address >= _codeStart && row.Address < _codeEnd).ToArray();
        var frames = FrameDescriptions.Read(_image);
        foreach (var file in lines.Select(row => row.File).Where(file => file.Length > 0).Distinct())
            _files[file] = _files.Count;

        var functionsAt = HeaderBytes;
        var framesAt = functionsAt + functions.Count * FunctionBytes;
        var filesAt = framesAt + frames.Count * FrameBytes;
        _tailStart = filesAt + _files.Count * FileBytes;

        var head = new byte[_tailStart];
        WriteFunctions(head.AsSpan(functionsAt, framesAt - functionsAt), functions, lines);
        WriteFrames(head.AsSpan(framesAt, filesAt - framesAt), frames);
        WriteFiles(head.AsSpan(filesAt));
        WriteWords(head, Magic, (uint)functions.Count, (uint)functionsAt, (uint)frames.Count, (uint)framesAt,
            (uint)_files.Count, (uint)filesAt, (uint)(_tailStart + _tail.Count));
        return [.. head, .. _tail];
    }

    // One entry per address: of several names (exports) the method's own is the one worth reading.
    private List<ElfSymbol> Functions() => _image.Symbols
        .Where(symbol => symbol.Address >= _codeStart && symbol.Address < _codeEnd && symbol.Name.Length > 0)
        .Where(symbol => symbol.Kind == ElfImage.FunctionKind || (symbol.Kind == ElfImage.NoKind && IsAssemblyFunction(symbol.Name)))
        .GroupBy(symbol => symbol.Address)
        .Select(same => same.OrderByDescending(symbol => symbol.Kind).ThenByDescending(symbol => symbol.Name.Contains("__")).First())
        .OrderBy(symbol => symbol.Address)
        .ToList();

    // Local labels have a dot; the linker script's symbols start with underscores.
    private static bool IsAssemblyFunction(string name) => !name.Contains('.') && !name.StartsWith("__", StringComparison.Ordinal);

    private void WriteFunctions(Span<byte> to, List<ElfSymbol> functions, LineRow[] lines)
    {
        var row = 0;
        for (var i = 0; i < functions.Count; i++)
        {
            var start = functions[i].Address;
            var end = i + 1 < functions.Count ? functions[i + 1].Address : _codeEnd;
            while (row < lines.Length && lines[row].Address < start)
                row++;
            var first = row;
            while (row < lines.Length && lines[row].Address < end)
                row++;
            var length = functions[i].Size == 0 ? end - start : functions[i].Size;
            WriteWords(to.Slice(i * FunctionBytes), (uint)(start - _codeStart), (uint)length,
                Text(_names.Of(functions[i].Name)), Lines(start, lines.AsSpan(first, row - first)));
        }
    }

    private uint Lines(ulong start, ReadOnlySpan<LineRow> rows)
    {
        var file = "";
        foreach (var row in rows)
        {
            if (row.Line > 0 && file.Length == 0)
                file = row.File;
        }
        if (file.Length == 0)
            return 0;

        var at = (uint)(_tailStart + _tail.Count);
        var address = start;
        var line = 0;
        Leb128.Write(_tail, (ulong)_files[file]);
        foreach (var row in rows)
        {
            if (row.File != file || row.Line == 0 || row.Line == line)
                continue;
            if (line == 0)
                Leb128.Write(_tail, (ulong)row.Line);
            else if (row.Address > address)
            {
                Leb128.Write(_tail, row.Address - address);
                Leb128.WriteSigned(_tail, row.Line - line);
            }
            else
                continue;
            address = line == 0 ? start : row.Address;
            line = row.Line;
        }
        _tail.Add(0);
        return at;
    }

    private void WriteFrames(Span<byte> to, List<FrameDescription> frames)
    {
        for (var i = 0; i < frames.Count; i++)
            WriteWords(to.Slice(i * FrameBytes), (uint)(frames[i].Function - _codeStart), (uint)frames[i].Offset);
    }

    private void WriteFiles(Span<byte> to)
    {
        foreach (var (file, number) in _files)
            WriteWords(to.Slice(number * FileBytes), Text(RelativeToRoot(file)));
    }

    private static string RelativeToRoot(string file) =>
        file.StartsWith(Repository.Root + "/", StringComparison.Ordinal) ? Repository.Relative(file) : Path.GetFileName(file);

    private uint Text(string text)
    {
        if (_texts.TryGetValue(text, out var known))
            return known;
        var at = (uint)(_tailStart + _tail.Count);
        var bytes = Encoding.UTF8.GetBytes(text);
        Leb128.Write(_tail, (ulong)bytes.Length);
        _tail.AddRange(bytes);
        _texts.Add(text, at);
        return at;
    }

    private static void WriteWords(Span<byte> to, params ReadOnlySpan<uint> words)
    {
        for (var i = 0; i < words.Length; i++)
            BinaryPrimitives.WriteUInt32LittleEndian(to.Slice(4 * i), words[i]);
    }
}
