// Takes out of the kernel's IL what only costs there, before it becomes machine code.
// The ends of `using` and `finally`: the kernel throws nothing (a throw is a kernel fault, which unwinds no frame), so a try region means no more
// than that its end is run on the way out. The compiler cannot know, keeps what the end needs in memory, and calls it as a function: 15
// instructions for each lock. Where a region is left to one place only, which is right behind its end, its bytes become plain code that runs
// into the end: `leave` a jump there, `endfinally` nothing. Regions that are left to several places, by `return` say, stay as they are.
// Clearing of locals: in safe code C# proves that each is written before it is read, and only stackalloc's memory is no local. In the kernel's
// methods without stackalloc nothing is cleared but references.
// The bytes keep their places, so debugging information stays true. Nothing else is touched, and nothing here is needed to be right.
using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.IO;
using System.Linq;
using System.Reflection.Emit;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace Jiffy.Cli.Build;

internal static class LeanIl
{
    private const int FatHeaderBytes = 12, SectionHeaderBytes = 4, FatClauseBytes = 24, SmallClauseBytes = 12;
    private const byte FatFormat = 3, FormatMask = 3, MoreSections = 8, InitLocals = 0x10;
    private const byte FatSection = 0x40;

    private static readonly Dictionary<int, OpCode> OpCodesByValue = typeof(OpCodes).GetFields()
        .Select(field => field.GetValue(null)).OfType<OpCode>().ToDictionary(code => (int)(ushort)code.Value);

    /// <summary>Writes the assembly <paramref name="input"/> with its methods made lean; how many regions and clearings went.</summary>
    /// <param name="isSafe">Compiled without unsafe code: locals need no clearing.</param>
    public static (int Regions, int Clearings) Write(string input, string output, bool isSafe)
    {
        var bytes = File.ReadAllBytes(input);
        var (regions, clearings) = (0, 0);
        using (var reader = new PEReader(ImmutableArray.Create(bytes)))
        {
            var metadata = reader.GetMetadataReader();
            foreach (var handle in metadata.MethodDefinitions)
            {
                var address = metadata.GetMethodDefinition(handle).RelativeVirtualAddress;
                if (address == 0)
                    continue;
                var method = new Method(bytes, FileOffset(reader, address), reader.GetMethodBody(address));
                clearings += isSafe && method.TryKeepLocals() ? 1 : 0;
                regions += method.Flatten();
            }
        }

        File.WriteAllBytes(output, bytes);
        return (regions, clearings);
    }

    private static int FileOffset(PEReader reader, int address)
    {
        var section = reader.PEHeaders.SectionHeaders[reader.PEHeaders.GetContainingSectionIndex(address)];
        return address - section.VirtualAddress + section.PointerToRawData;
    }

    /// <summary>An instruction: where it starts and ends, and where it jumps to, for the two forms of leave.</summary>
    private readonly record struct Instruction(int Start, int End, OpCode Code, int Target);

    private sealed class Method
    {
        private readonly byte[] _bytes;
        private readonly int _header, _code, _length;
        private readonly bool _isFat;
        private readonly ImmutableArray<ExceptionRegion> _regions;
        private readonly List<Instruction> _instructions = [];

        public Method(byte[] bytes, int header, MethodBodyBlock body)
        {
            (_bytes, _header) = (bytes, header);
            _isFat = (bytes[header] & FormatMask) == FatFormat;
            _code = header + (_isFat ? FatHeaderBytes : 1);
            _length = body.GetILReader().Length;
            _regions = body.ExceptionRegions;
            if (_isFat)
                Decode();
        }

        public bool TryKeepLocals()
        {
            if (!_isFat || (_bytes[_header] & InitLocals) == 0 || _instructions.Any(one => one.Code == OpCodes.Localloc))
                return false;
            _bytes[_header] &= unchecked((byte)~InitLocals);
            return true;
        }

        /// <summary>How many regions became plain code.</summary>
        public int Flatten()
        {
            var plain = _regions.Where(IsPlain).ToHashSet();
            foreach (var region in plain)
            {
                foreach (var leave in Leaves(region))
                    JumpTo(leave, region.HandlerOffset);
                var end = _instructions.Single(one => one.End == region.HandlerOffset + region.HandlerLength);
                _bytes[_code + end.Start] = (byte)OpCodes.Nop.Value;
            }

            if (plain.Count > 0)
                KeepOnly(_regions.Select((region, index) => (region, index)).Where(one => !plain.Contains(one.region)).Select(one => one.index).ToArray());
            return plain.Count;
        }

        // A finally that follows its try, ends with its only endfinally, and is left to what follows it, and from no region inside.
        private bool IsPlain(ExceptionRegion region)
        {
            var end = region.HandlerOffset + region.HandlerLength;
            if (region.Kind != ExceptionRegionKind.Finally || region.TryOffset + region.TryLength != region.HandlerOffset)
                return false;
            var ends = _instructions.Where(one => one.Code == OpCodes.Endfinally && IsWithin(one, region.HandlerOffset, region.HandlerLength)
                && !_regions.Any(inner => inner.HandlerOffset > region.HandlerOffset && IsWithin(one, inner.HandlerOffset, inner.HandlerLength))).ToArray();
            var leaves = Leaves(region).ToArray();
            return ends.Length == 1 && ends[0].End == end && leaves.Length > 0 && leaves.All(leave => leave.Target == end && !_regions.Any(inner => IsInside(inner, region) && IsWithin(leave, inner.TryOffset, inner.TryLength)));
        }

        // What leaves the region's try: not what leaves a region inside it for a place that is inside, too.
        private IEnumerable<Instruction> Leaves(ExceptionRegion region) => _instructions.Where(one =>
            IsLeave(one) && IsWithin(one, region.TryOffset, region.TryLength)
            && (one.Target < region.TryOffset || one.Target >= region.TryOffset + region.TryLength));

        private static bool IsInside(ExceptionRegion inner, ExceptionRegion outer) =>
            inner.TryOffset >= outer.TryOffset && inner.TryOffset + inner.TryLength <= outer.TryOffset + outer.TryLength && inner.TryLength < outer.TryLength;

        private static bool IsLeave(Instruction one) => one.Code == OpCodes.Leave || one.Code == OpCodes.Leave_S;

        private static bool IsWithin(Instruction one, int start, int length) => one.Start >= start && one.Start < start + length;

        // The handler is nearer than what the jump went to, so its short form reaches.
        private void JumpTo(Instruction leave, int target)
        {
            var at = _bytes.AsSpan(_code + leave.Start);
            var distance = target - leave.End;
            if (leave.Code == OpCodes.Leave_S)
            {
                at[0] = (byte)OpCodes.Br_S.Value;
                at[1] = (byte)(sbyte)distance;
            }
            else
            {
                at[0] = (byte)OpCodes.Br.Value;
                BinaryPrimitives.WriteInt32LittleEndian(at.Slice(1), distance);
            }
        }

        // The table of regions stands behind the code, at a multiple of four.
        private void KeepOnly(int[] kept)
        {
            if (kept.Length == 0)
            {
                _bytes[_header] &= unchecked((byte)~MoreSections);
                return;
            }

            var section = (_code + _length - _header + 3 & ~3) + _header;
            var isFat = (_bytes[section] & FatSection) != 0;
            var clauseBytes = isFat ? FatClauseBytes : SmallClauseBytes;
            for (var i = 0; i < kept.Length; i++)
                Array.Copy(_bytes, section + SectionHeaderBytes + kept[i] * clauseBytes, _bytes, section + SectionHeaderBytes + i * clauseBytes, clauseBytes);
            var size = SectionHeaderBytes + kept.Length * clauseBytes;
            _bytes[section + 1] = (byte)size;
            if (isFat)
                (_bytes[section + 2], _bytes[section + 3]) = ((byte)(size >> 8), (byte)(size >> 16));
        }

        private void Decode()
        {
            for (var at = 0; at < _length;)
            {
                var start = at;
                int value = _bytes[_code + at++];
                if (value == 0xfe)
                    value = value << 8 | _bytes[_code + at++];
                var code = OpCodesByValue[value];
                var operand = _code + at;
                at += OperandBytes(code, operand);
                var target = code == OpCodes.Leave ? at + BinaryPrimitives.ReadInt32LittleEndian(_bytes.AsSpan(operand))
                    : code == OpCodes.Leave_S ? at + (sbyte)_bytes[operand] : -1;
                _instructions.Add(new Instruction(start, at, code, target));
            }
        }

        private int OperandBytes(OpCode code, int operand) => code.OperandType switch
        {
            OperandType.InlineNone => 0,
            OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
            OperandType.InlineVar => 2,
            OperandType.InlineI8 or OperandType.InlineR => 8,
            OperandType.InlineSwitch => 4 + 4 * BinaryPrimitives.ReadInt32LittleEndian(_bytes.AsSpan(operand)),
            _ => 4,
        };
    }
}
