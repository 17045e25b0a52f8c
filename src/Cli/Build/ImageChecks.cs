// What must hold of the linked kernel, and would otherwise show as rare corruption at run time:
// - No code uses the red zone below the stack pointer: interrupts push there.
// - No code uses vector registers that the entries do not save (ENTRY_XMM_SAVED in Entry/entry.inc), or wider ones.
// - No static class constructor is left: its lazy check is neither free nor safe on several CPUs.
// - Nothing was linked that start-up would have to relocate or set up: unknown sections or relocations.
// The findings are written to checks.txt beside the image.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using Iced.Intel;
using Jiffy.Cli.Host;

namespace Jiffy.Cli.Build;

internal sealed partial class ImageChecks
{
    // Types whose class constructors may stay, with the reason. Empty, and best kept so.
    private static readonly string[] AllowedConstructors = [];

    private static readonly string[] KnownSections =
        [".note.pvh", ".boot.text", ".boot.bss", ".text", "__unbox", ".rodata", ".eh_frame", ".data", ".bss", ".symbols"];

    // R_X86_64_64, PC32, PLT32.
    private static readonly uint[] KnownRelocations = [1, 2, 4];

    private const int UsedByAssembly = 8; // memmove

    private readonly ElfImage _image;
    private readonly ReadableNames _names;
    private readonly List<string> _report = [];
    private readonly List<string> _failures = [];

    private ImageChecks(ElfImage image, ReadableNames names)
    {
        _image = image;
        _names = names;
    }

    /// <summary>Runs all checks; writes the report; fails with all findings.</summary>
    public static void Run(ElfImage image, ElfImage kernelObject, ReadableNames names, string report)
    {
        var checks = new ImageChecks(image, names);
        checks.CheckConstructors();
        checks.CheckSections();
        checks.CheckRelocations(kernelObject);
        checks.CheckCode(SavedVectorRegisters());
        File.WriteAllLines(report, checks._report.Concat(checks._failures));
        if (checks._failures.Count > 0)
            throw new CliFailure("the kernel image breaks a rule:\n" + string.Join('\n', checks._failures.Take(20)));
    }

    private void CheckConstructors()
    {
        var left = _image.Symbols
            .Where(symbol => symbol.Kind == ElfImage.FunctionKind && symbol.Name.EndsWith("___cctor", StringComparison.Ordinal))
            .Select(symbol => _names.Of(symbol.Name).Replace("..cctor", ""))
            .Distinct()
            .ToArray();
        _report.Add($"class constructors: {left.Length}");
        foreach (var type in left.Except(AllowedConstructors))
            _failures.Add($"{type}: a static initialiser runs at run time; initialise it in an explicit Init()");
    }

    private void CheckSections()
    {
        foreach (var section in _image.Sections.Where(section => (section.Flags & ElfImage.Allocated) != 0))
        {
            _report.Add($"section {section.Name}: {section.Size} bytes");
            if (!KnownSections.Contains(section.Name))
                _failures.Add($"section {section.Name} is not placed by kernel.ld");
        }
    }

    private void CheckRelocations(ElfImage kernelObject)
    {
        foreach (var section in kernelObject.Sections.Where(section => section.Type == ElfImage.RelocationSection))
        {
            var target = kernelObject.Sections[section.Info];
            if ((target.Flags & ElfImage.Allocated) == 0)
                continue;
            var entries = kernelObject.Contents(section);
            for (var at = 8; at < entries.Length; at += 24)
            {
                var type = BitConverter.ToUInt32(entries.Slice(at, 4));
                if (!KnownRelocations.Contains(type))
                    _failures.Add($"section {target.Name} has a relocation of type {type}");
            }
        }
    }

    private void CheckCode(int savedVectorRegisters)
    {
        if (savedVectorRegisters < UsedByAssembly)
            _failures.Add($"entries save {savedVectorRegisters} vector registers, but Boot/runtime.asm uses {UsedByAssembly}");
        var functions = _image.Symbols
            .Where(symbol => symbol.Kind == ElfImage.FunctionKind && symbol.Size > 0 && symbol.Address >= _image.AddressOf("__text_start"))
            .DistinctBy(symbol => symbol.Address)
            .ToArray();
        var usage = new int[32];
        var factory = new InstructionInfoFactory();
        foreach (var function in functions)
        {
            foreach (var instruction in Decode(function))
                CheckInstruction(function, in instruction, factory, savedVectorRegisters, usage);
        }
        _report.Add($"functions: {functions.Length}");
        _report.Add("instructions per vector register: "
            + string.Join(", ", usage.Select((count, register) => (count, register)).Where(item => item.count > 0).Select(item => $"xmm{item.register} {item.count}")));
    }

    private List<Instruction> Decode(ElfSymbol function)
    {
        var section = _image.Sections[function.Section];
        var code = _image.Contents(section).Slice((int)(function.Address - section.Address), (int)function.Size).ToArray();
        var decoder = Decoder.Create(64, code, function.Address);
        var instructions = new List<Instruction>();
        while (decoder.IP < function.Address + function.Size)
            instructions.Add(decoder.Decode());
        return instructions;
    }

    private void CheckInstruction(ElfSymbol function, in Instruction instruction, InstructionInfoFactory factory, int saved, int[] usage)
    {
        var info = factory.GetInfo(in instruction);
        foreach (var memory in info.GetUsedMemory())
        {
            // Push and call write below the stack pointer too, but they move it there.
            if (memory.Base == Register.RSP && (long)memory.Displacement < 0 && !instruction.IsStackInstruction)
                Fail(function, in instruction, "uses the red zone below the stack pointer");
        }
        foreach (var used in info.GetUsedRegisters())
        {
            if (!used.Register.IsVectorRegister())
                continue;
            var number = used.Register.GetNumber();
            usage[number]++;
            if (!used.Register.IsXMM())
                Fail(function, in instruction, $"uses {used.Register}: only XMM registers may be used");
            else if (number >= saved)
                Fail(function, in instruction, $"uses {used.Register}: entries save the first {saved} only");
        }
    }

    private void Fail(ElfSymbol function, in Instruction instruction, string what) =>
        _failures.Add($"{_names.Of(function.Name)} at {instruction.IP:x}: {what} ({instruction})");

    private static int SavedVectorRegisters()
    {
        var text = File.ReadAllText(Repository.In("src", "Machine", "X64", "Entry", "entry.inc"));
        var match = SavedDefinition().Match(text);
        if (!match.Success)
            throw new CliFailure("Entry/entry.inc does not define ENTRY_XMM_SAVED");
        return int.Parse(match.Groups[1].Value);
    }

    [GeneratedRegex(@"^%define\s+ENTRY_XMM_SAVED\s+(\d+)", RegexOptions.Multiline)]
    private static partial Regex SavedDefinition();
}
