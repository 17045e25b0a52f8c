// Source lines from a .debug_line section, DWARF versions 2 to 4: a small program per compilation unit that, run, yields rows
// of address, file and line.
using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;

namespace Jiffy.Cli.Build;

internal readonly record struct LineRow(ulong Address, string File, int Line);

internal ref struct DwarfLines
{
    private const int HiddenLine = 0xfeefee; // what the C# compiler gives to code of its own

    private readonly List<LineRow> _rows;
    private readonly List<string> _directories;
    private readonly List<string> _files;
    private ReadOnlySpan<byte> _rest;
    private byte _minimumLength, _lineRange, _opcodeBase;
    private sbyte _lineBase;
    private byte[] _operandCounts;
    private ulong _address;
    private int _file, _line;

    private DwarfLines(ReadOnlySpan<byte> section)
    {
        _rest = section;
        _rows = [];
        _directories = [];
        _files = [];
        _operandCounts = [];
    }

    /// <summary>All rows, sorted by address. Line 0 marks code that belongs to no line.</summary>
    public static List<LineRow> Read(ReadOnlySpan<byte> section)
    {
        var reader = new DwarfLines(section);
        while (reader._rest.Length > 4)
            reader.ReadUnit();
        return [.. reader._rows.OrderBy(row => row.Address)];
    }

    private void ReadUnit()
    {
        var length = (int)U32();
        var after = _rest.Slice(length);
        _rest = _rest.Slice(0, length);
        var version = U16();
        if (version is < 2 or > 4)
            throw new CliFailure($"line information of DWARF version {version} is not understood");
        var headerLength = (int)U32();
        var program = _rest.Slice(headerLength);
        ReadHeader(version);
        _rest = program;
        RunProgram();
        _rest = after;
    }

    private void ReadHeader(ushort version)
    {
        _minimumLength = U8();
        if (version >= 4)
            U8(); // operations per instruction, 1 here
        U8(); // default of is_stmt
        _lineBase = (sbyte)U8();
        _lineRange = U8();
        _opcodeBase = U8();
        _operandCounts = _rest.Slice(0, _opcodeBase - 1).ToArray();
        _rest = _rest.Slice(_opcodeBase - 1);

        _directories.Clear();
        _directories.Add("");
        for (var name = Text(); name.Length > 0; name = Text())
            _directories.Add(name);
        _files.Clear();
        _files.Add("");
        for (var name = Text(); name.Length > 0; name = Text())
        {
            _files.Add(Path.Combine(_directories[(int)Unsigned()], name));
            Unsigned(); // time
            Unsigned(); // length
        }
    }

    private void RunProgram()
    {
        Reset();
        while (_rest.Length > 0)
        {
            var opcode = U8();
            if (opcode >= _opcodeBase)
                Special((byte)(opcode - _opcodeBase));
            else if (opcode == 0)
                Extended();
            else
                Standard(opcode);
        }
    }

    private void Special(byte code)
    {
        _address += (ulong)(code / _lineRange * _minimumLength);
        _line += _lineBase + code % _lineRange;
        AddRow();
    }

    private void Extended()
    {
        var length = (int)Unsigned();
        var after = _rest.Slice(length);
        switch (U8())
        {
            case 1: // end of sequence
                _rows.Add(new LineRow(_address, "", 0));
                Reset();
                break;
            case 2: // set address
                _address = BinaryPrimitives.ReadUInt64LittleEndian(_rest);
                break;
        }
        _rest = after;
    }

    private void Standard(byte opcode)
    {
        switch (opcode)
        {
            case 1:
                AddRow();
                break;
            case 2:
                _address += Unsigned() * _minimumLength;
                break;
            case 3:
                _line += (int)Signed();
                break;
            case 4:
                _file = (int)Unsigned();
                break;
            case 8: // as the highest special opcode, without a row
                _address += (ulong)((255 - _opcodeBase) / _lineRange * _minimumLength);
                break;
            case 9:
                _address += U16();
                break;
            default:
                for (var operands = _operandCounts[opcode - 1]; operands > 0; operands--)
                    Unsigned();
                break;
        }
    }

    private void Reset()
    {
        _address = 0;
        _file = 1;
        _line = 1;
    }

    private readonly void AddRow() => _rows.Add(new LineRow(_address, _files[_file], _line >= HiddenLine ? 0 : _line));

    private byte U8()
    {
        var value = _rest[0];
        _rest = _rest.Slice(1);
        return value;
    }

    private ushort U16()
    {
        var value = BinaryPrimitives.ReadUInt16LittleEndian(_rest);
        _rest = _rest.Slice(2);
        return value;
    }

    private uint U32()
    {
        var value = BinaryPrimitives.ReadUInt32LittleEndian(_rest);
        _rest = _rest.Slice(4);
        return value;
    }

    private ulong Unsigned() => Leb128.Unsigned(ref _rest);

    private long Signed() => Leb128.Signed(ref _rest);

    private string Text()
    {
        var length = _rest.IndexOf((byte)0);
        var text = Encoding.UTF8.GetString(_rest.Slice(0, length));
        _rest = _rest.Slice(length + 1);
        return text;
    }
}

/// <summary>Numbers of variable length, seven bits a byte.</summary>
internal static class Leb128
{
    public static ulong Unsigned(ref ReadOnlySpan<byte> rest)
    {
        var value = 0UL;
        for (var shift = 0; ; shift += 7)
        {
            var next = rest[0];
            rest = rest.Slice(1);
            value |= (ulong)(next & 0x7f) << shift;
            if ((next & 0x80) == 0)
                return value;
        }
    }

    public static long Signed(ref ReadOnlySpan<byte> rest)
    {
        var value = 0L;
        for (var shift = 0; ;)
        {
            var next = rest[0];
            rest = rest.Slice(1);
            value |= (long)(next & 0x7f) << shift;
            shift += 7;
            if ((next & 0x80) == 0)
                return (next & 0x40) != 0 && shift < 64 ? value | (-1L << shift) : value;
        }
    }

    public static void Write(List<byte> to, ulong value)
    {
        for (; value >= 0x80; value >>= 7)
            to.Add((byte)(value | 0x80));
        to.Add((byte)value);
    }

    /// <summary>Small numbers of either sign in few bytes: 0, -1, 1, -2 become 0, 1, 2, 3.</summary>
    public static void WriteSigned(List<byte> to, long value) => Write(to, (ulong)((value << 1) ^ (value >> 63)));
}
