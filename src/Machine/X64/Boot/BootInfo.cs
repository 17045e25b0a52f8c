// What the boot loader handed over in PVH manner (hvm_start_info, version 1), and the bodies of the boot information contract.
// Contexts: Read: start-up, before the final page tables, when physical addresses can be used as they are.
using System;
using System.Runtime.InteropServices;

namespace Jiffy.Machine;

public static unsafe partial class BootInfo
{
    private const int MostCommandLine = 2047;

    private static byte[] s_commandLine = null!;
    private static int s_commandLineLength;
    private static MemoryRange s_ramdisk;

    /// <summary>Physical address of ACPI's root pointer; 0: none.</summary>
    internal static ulong AcpiRoot { get; private set; }

    public static partial ReadOnlySpan<byte> CommandLine => new(s_commandLine, 0, s_commandLineLength);

    public static partial ReadOnlySpan<byte> Ramdisk =>
        s_ramdisk.Bytes == 0 ? default : new(AddressSpace.Direct(s_ramdisk.Start), (int)s_ramdisk.Bytes);

    public static partial FrameRange ReleaseRamdisk()
    {
        var first = s_ramdisk.Start >> Frames.Shift;
        var end = AddressSpace.RoundUp(s_ramdisk.End, AddressSpace.PageBytes) >> Frames.Shift;
        s_ramdisk = default;
        return new FrameRange(new FrameNumber((uint)first), (int)(end - first));
    }

    public static partial int TotalFrames => MemoryMap.TotalFrames;

    public static partial ReadOnlySpan<byte> ProcessorVendor => Processor.Vendor;
    public static partial ReadOnlySpan<byte> ProcessorName => Processor.Name;
    public static partial int ProcessorFamily => (int)Processor.Family;
    public static partial int ProcessorModel => (int)Processor.Model;
    public static partial int ProcessorStepping => (int)Processor.Stepping;
    public static partial ulong ProcessorFeatures => Processor.Features;

    internal static void Read(ulong startInfoAddress)
    {
        var info = (PvhStartInfo*)startInfoAddress;
        CopyCommandLine((byte*)info->CommandLine);
        AcpiRoot = info->AcpiRoot;
        MemoryMap.Init();
        var map = (PvhMemory*)info->MemoryMap;
        for (uint i = 0; i < info->MemoryMapCount; i++)
            AddMemory(map[i]);
        var modules = (PvhModule*)info->Modules;
        if (info->ModuleCount > 0)
            s_ramdisk = new MemoryRange(modules[0].Address, modules[0].Address + modules[0].Bytes);
        MemoryMap.Reserve(s_ramdisk);
    }

    private static void AddMemory(PvhMemory memory)
    {
        if (memory.Type == PvhMemory.Usable)
            MemoryMap.AddUsable(memory.Start, memory.Bytes);
        else if (memory.Type is PvhMemory.AcpiTables or PvhMemory.AcpiStorage)
            MemoryMap.AddFirmware(memory.Start, memory.Bytes);
    }

    private static void CopyCommandLine(byte* text)
    {
        s_commandLine = new byte[MostCommandLine];
        while (text != null && s_commandLineLength < MostCommandLine && text[s_commandLineLength] != 0)
        {
            s_commandLine[s_commandLineLength] = text[s_commandLineLength];
            s_commandLineLength++;
        }
    }

    /// <summary>True when the command line has the word.</summary>
    internal static bool HasOption(ReadOnlySpan<byte> word)
    {
        var line = CommandLine;
        for (var at = 0; at + word.Length <= line.Length; at++)
        {
            var end = at + word.Length;
            if ((at == 0 || line[at - 1] == ' ') && (end == line.Length || line[end] == ' ') && line.Slice(at, word.Length).SequenceEqual(word))
                return true;
        }
        return false;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct PvhStartInfo
    {
        internal uint Magic, Version, Flags, ModuleCount;
        internal ulong Modules, CommandLine, AcpiRoot, MemoryMap;
        internal uint MemoryMapCount, Reserved;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct PvhModule
    {
        internal ulong Address, Bytes, CommandLine, Reserved;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct PvhMemory
    {
        internal const uint Usable = 1, AcpiTables = 3, AcpiStorage = 4;

        internal ulong Start, Bytes;
        internal uint Type, Reserved;
    }
}
