// Where the frame descriptions of functions stand in .eh_frame, by the functions' addresses.
using System;
using System.Buffers.Binary;
using System.Collections.Generic;

namespace Jiffy.Cli.Build;

internal readonly record struct FrameDescription(ulong Function, uint Length, int Offset);

internal static class FrameDescriptions
{
    /// <summary>All of them, sorted by function. Pointers must be 32 bits relative to their place, as ILC makes them.</summary>
    public static List<FrameDescription> Read(ElfImage image)
    {
        var found = new List<FrameDescription>();
        var section = image.Find(".eh_frame") ?? throw new CliFailure("the image has no .eh_frame");
        var bytes = image.Contents(section);
        for (var at = 0; at + 8 <= bytes.Length;)
        {
            var length = BinaryPrimitives.ReadInt32LittleEndian(bytes.Slice(at));
            if (length != 0 && BinaryPrimitives.ReadInt32LittleEndian(bytes.Slice(at + 4)) != 0)
                found.Add(Describe(section.Address, bytes, at));
            at += 4 + length;
        }
        found.Sort(static (a, b) => a.Function.CompareTo(b.Function));
        return found;
    }

    private static FrameDescription Describe(ulong address, ReadOnlySpan<byte> bytes, int at)
    {
        var relative = BinaryPrimitives.ReadInt32LittleEndian(bytes.Slice(at + 8));
        var length = BinaryPrimitives.ReadUInt32LittleEndian(bytes.Slice(at + 12));
        return new FrameDescription(address + (ulong)(at + 8) + (ulong)relative, length, at);
    }
}
