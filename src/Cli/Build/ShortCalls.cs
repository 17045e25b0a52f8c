// Replaces calls of assembly functions that are no longer than the call itself (five bytes) by what they do. The compiler has no
// way to write these instructions, and every store of a reference is such a call.
// A call that is a jump (the last thing of its caller) stays: the functions themselves exist too.
using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace Jiffy.Cli.Build;

internal static class ShortCalls
{
    private const int RelocationBytes = 24;
    private const byte CallOpcode = 0xe8;
    private const uint NoRelocation = 0;

    // Function, and its instructions without the return, filled up with no-ops.
    private static readonly Dictionary<string, byte[]> Bodies = new()
    {
        ["RhpAssignRef"] = [0x48, 0x89, 0x37, 0x66, 0x90],              // mov [rdi], rsi
        ["RhpCheckedAssignRef"] = [0x48, 0x89, 0x37, 0x66, 0x90],
        ["cpu_disable_interrupts"] = [0x9c, 0x58, 0xfa, 0x66, 0x90],    // pushfq; pop rax; cli
        ["cpu_read_flags"] = [0x9c, 0x58, 0x0f, 0x1f, 0x00],            // pushfq; pop rax
        ["cpu_enable_interrupts"] = [0xfb, 0x0f, 0x1f, 0x40, 0x00],     // sti
        ["cpu_clear_interrupts"] = [0xfa, 0x0f, 0x1f, 0x40, 0x00],      // cli
        ["cpu_pause"] = [0xf3, 0x90, 0x0f, 0x1f, 0x00],                 // pause
        ["cpu_invalidate_page"] = [0x0f, 0x01, 0x3f, 0x66, 0x90],       // invlpg [rdi]
        ["cpu_read_cr2"] = [0x0f, 0x20, 0xd0, 0x66, 0x90],              // mov rax, cr2
        ["cpu_read_cr3"] = [0x0f, 0x20, 0xd8, 0x66, 0x90],              // mov rax, cr3
        ["cpu_write_cr3"] = [0x0f, 0x22, 0xdf, 0x66, 0x90],             // mov cr3, rdi
        ["port_write8"] = [0x89, 0xfa, 0x89, 0xf0, 0xee],               // mov edx, edi; mov eax, esi; out dx, al
    };

    /// <summary>Writes the object file <paramref name="input"/> with such calls replaced.</summary>
    public static void Replace(string input, string output)
    {
        var image = new ElfImage(input);
        var bytes = File.ReadAllBytes(input);
        foreach (var section in image.Sections.Where(section => section.Type == ElfImage.RelocationSection))
        {
            var target = image.Sections[section.Info];
            if ((target.Flags & ElfImage.ExecutableFlag) == 0)
                continue;
            for (var at = section.Offset; at < section.Offset + section.Size; at += RelocationBytes)
                ReplaceOne(image, bytes, at, target);
        }
        File.WriteAllBytes(output, bytes);
    }

    // A relocation: where in its section, type (lower half) and symbol (upper half), addend. It is at the call's second byte.
    private static void ReplaceOne(ElfImage image, byte[] bytes, int relocation, ElfSection target)
    {
        var where = target.Offset + (int)BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(relocation)) - 1;
        var symbol = image.Symbols[(int)BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(relocation + 12))];
        if (!Bodies.TryGetValue(symbol.Name, out var body) || where < target.Offset || bytes[where] != CallOpcode)
            return;
        body.CopyTo(bytes, where);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(relocation + 8), NoRelocation);
    }
}
