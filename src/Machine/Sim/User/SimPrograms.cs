// Which program lies where, and ELF files that start them.
using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Text;

namespace Jiffy.Machine.Sim;

public static class SimPrograms
{
    /// <summary>Address of program 0; program n lies n times <see cref="Spacing"/> above.</summary>
    public const ulong FirstBase = 0x10_0000_0000;
    public const ulong Spacing = 0x100_0000;

    /// <summary>Where an ELF file of <see cref="BuildElf"/> has its writable page, from the program's base.</summary>
    public const ulong DataOffset = 0x10_0000;

    /// <summary>Instruction bytes per step: those of the system call instruction, which a restart steps back over.</summary>
    public const int StepBytes = 2;

    private static readonly List<ISimProgram> s_programs = new();

    /// <summary>Registers a program; its number is for <see cref="BaseOf"/> and <see cref="BuildElf"/>.</summary>
    public static int Register(ISimProgram program)
    {
        s_programs.Add(program);
        return s_programs.Count - 1;
    }

    public static void Clear() => s_programs.Clear();

    public static ulong BaseOf(int program) => FirstBase + (ulong)program * Spacing;

    /// <summary>The program and step at an instruction address; null when there is none.</summary>
    public static ISimProgram? Find(ulong address, out int step)
    {
        step = 0;
        var program = (address - FirstBase) / Spacing;
        if (address < FirstBase || program >= (ulong)s_programs.Count)
            return null;
        step = (int)((address - FirstBase) % Spacing) / StepBytes;
        return s_programs[(int)program];
    }

    /// <summary>
    /// A static ELF executable whose entry point is the program's first step: one page of code, which the simulated processor
    /// checks but does not look at, and one writable page of zeros at <see cref="DataOffset"/>. With an <paramref name="interpreter"/>, a
    /// path, it names that one.
    /// </summary>
    public static byte[] BuildElf(int program, string interpreter = "")
    {
        var file = new byte[Frames.Size];
        var start = BaseOf(program);
        ReadOnlySpan<byte> identity = [0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1];
        identity.CopyTo(file);
        var span = file.AsSpan();
        BinaryPrimitives.WriteUInt16LittleEndian(span[16..], 2); // ET_EXEC
        BinaryPrimitives.WriteUInt16LittleEndian(span[18..], 62); // EM_X86_64
        BinaryPrimitives.WriteUInt32LittleEndian(span[20..], 1);
        BinaryPrimitives.WriteUInt64LittleEndian(span[24..], start);
        BinaryPrimitives.WriteUInt64LittleEndian(span[32..], 64);
        BinaryPrimitives.WriteUInt16LittleEndian(span[52..], 64);
        BinaryPrimitives.WriteUInt16LittleEndian(span[54..], 56);
        BinaryPrimitives.WriteUInt16LittleEndian(span[56..], (ushort)(interpreter.Length == 0 ? 2 : 3));
        WriteSegment(span[64..], flags: 5, start, (ulong)file.Length, (ulong)file.Length);
        WriteSegment(span[120..], flags: 6, start + DataOffset, 0, Frames.Size);
        if (interpreter.Length != 0)
            WriteInterpreter(span, interpreter);
        return file;
    }

    private static void WriteInterpreter(Span<byte> file, string name)
    {
        const int At = 512;
        BinaryPrimitives.WriteUInt32LittleEndian(file[176..], 3); // PT_INTERP
        BinaryPrimitives.WriteUInt64LittleEndian(file[(176 + 8)..], At);
        BinaryPrimitives.WriteUInt64LittleEndian(file[(176 + 32)..], (ulong)name.Length + 1);
        Encoding.UTF8.GetBytes(name, file[At..]);
    }

    private static void WriteSegment(Span<byte> header, uint flags, ulong address, ulong fileBytes, ulong memoryBytes)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(header, 1); // PT_LOAD
        BinaryPrimitives.WriteUInt32LittleEndian(header[4..], flags);
        BinaryPrimitives.WriteUInt64LittleEndian(header[16..], address);
        BinaryPrimitives.WriteUInt64LittleEndian(header[24..], address);
        BinaryPrimitives.WriteUInt64LittleEndian(header[32..], fileBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(header[40..], memoryBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(header[48..], Frames.Size);
    }
}
