// Makes the bootable kernel image: C# to IL, IL without what only costs, IL to machine code, assembly, a first link, the symbol table made from it,
// a second link that adds the table, and checks on the result. A step whose inputs have not changed is skipped.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Jiffy.Cli.Host;

namespace Jiffy.Cli.Build;

internal sealed class ImageBuilder
{
    private static readonly string[] Assemblies = ["Jiffy.Kernel.dll", "Jiffy.Machine.dll", "Jiffy.CoreLib.dll"];
    private static readonly string[] SourceRooms = ["Kernel", "Machine/X64", "Machine/Contract", "CoreLib"];

    private readonly BuildOptions _options;
    private readonly StepRunner _steps;

    public ImageBuilder(BuildOptions options, Action<BuildEvent> progress)
    {
        _options = options;
        _steps = new StepRunner(options.Intermediate("stamps"), progress);
    }

    /// <summary>Brings the image up to date. Throws <see cref="CliFailure"/> with the failing program's output.</summary>
    public void Build()
    {
        Directory.CreateDirectory(_options.Intermediate(""));
        var assemblies = Compile();
        var objects = Assemble();
        objects.Add(ReplaceShortCalls(CompileToMachineCode(MakeLean(assemblies))));
        LinkForDebugging(objects);
        var symbols = MakeSymbols(assemblies);
        Check(assemblies);
        Link(objects, symbols);
    }

    /// <summary>Where the kernel's assemblies are once it is built.</summary>
    public static string[] AssembliesIn(BuildOptions options) =>
        Assemblies.Select(name => Path.Combine(options.Intermediate("il"), name)).ToArray();

    private string[] Compile()
    {
        var project = Repository.In("src", "Kernel", "Kernel.X64.csproj");
        var output = _options.Intermediate("il");
        var assemblies = AssembliesIn(_options);
        string[] projects =
        [
            .. SourceRooms.SelectMany(room => Sources(room, "*.csproj")), Repository.In("src", "Freestanding.props"),
            Repository.In("Directory.Build.props"), Repository.In("Directory.Packages.props"),
        ];
        _steps.Run(new Step("restore", "packages", projects, [Repository.In("artifacts", "obj", "Kernel.X64", "project.assets.json")])
        {
            Program = DotNet.Program,
            Arguments = ["restore", project, "--nologo", "-v", "q"],
        });
        _steps.Run(new Step("csharp", "C# to IL", [.. projects, .. SourceRooms.SelectMany(room => Sources(room, "*.cs"))], assemblies)
        {
            Program = DotNet.Program,
            Arguments =
            [
                "build", project, "--no-restore", "-c", _options.Configuration, "-o", output, "--nologo", "-v", "q", "-clp:NoSummary;ErrorsOnly",
            ],
        });
        return assemblies;
    }

    private string[] MakeLean(string[] assemblies)
    {
        Directory.CreateDirectory(_options.Intermediate("lean"));
        var lean = assemblies.Select(assembly => Path.Combine(_options.Intermediate("lean"), Path.GetFileName(assembly))).ToArray();
        _steps.Run(new Step("lean IL", "IL without what only costs", [typeof(ImageBuilder).Assembly.Location, .. assemblies], lean)
        {
            Action = () =>
            {
                foreach (var (input, output) in assemblies.Zip(lean))
                {
                    LeanIl.Write(input, output, isSafe: input == assemblies[0]);
                    File.Copy(Path.ChangeExtension(input, ".pdb"), Path.ChangeExtension(output, ".pdb"), overwrite: true);
                }
            },
        });
        return lean;
    }

    private string CompileToMachineCode(string[] assemblies)
    {
        var output = _options.Intermediate("kernel.o");
        List<string> arguments =
        [
            .. assemblies, "-o", output, "--systemmodule", "Jiffy.CoreLib", "--nativelib",
            "--targetos:linux", "--targetarch:x64", "--instruction-set:x86-64-v2", "-O", "-g",
            "--methodbodyfolding:none", "--reflectiondata:none", "--map", _options.Intermediate("kernel.map.xml"),
        ];
        if (_options.Mode == CompilerMode.MultiFile)
            arguments.Add("--multifile");
        var compiler = Compiler.Find();
        _steps.Run(new Step("ilc", "IL to machine code", [compiler, .. assemblies], [output])
        {
            Program = compiler,
            Arguments = arguments,
        });
        return output;
    }

    private string ReplaceShortCalls(string kernel)
    {
        var output = _options.Intermediate("kernel.short.o");
        _steps.Run(new Step("short calls", "calls shorter than a call", [kernel, typeof(ImageBuilder).Assembly.Location], [output])
        {
            Action = () => ShortCalls.Replace(kernel, output),
        });
        return output;
    }

    private List<string> Assemble()
    {
        var objects = new List<string>();
        var included = Sources("Machine/X64", "*.inc").ToArray();
        LinkUserCode();
        foreach (var source in Sources("Machine/X64", "*.asm").Where(source => source != UserCode("vdso.asm")))
        {
            var name = Path.GetRelativePath(Repository.In("src", "Machine", "X64"), source).Replace('/', '.');
            var output = _options.Intermediate(Path.ChangeExtension(name, ".o"));
            if (source == UserCode("embed.asm"))
                AssembleFile("nasm " + name, source, [source, _options.Intermediate("vdso.so")], output, "-I", _options.Intermediate("") + "/");
            else
                AssembleFile("nasm " + name, source, [source, .. included], output);
            objects.Add(output);
        }
        return objects;
    }

    private static string UserCode(string name) => Repository.In("src", "Machine", "X64", "Vdso", name);

    /// <summary>The code that runs in user mode is linked by itself, as a shared object; embed.asm takes it into the image.</summary>
    private void LinkUserCode()
    {
        var source = UserCode("vdso.asm");
        var script = UserCode("vdso.ld");
        var (compiled, output) = (_options.Intermediate("vdso.o"), _options.Intermediate("vdso.so"));
        AssembleFile("nasm vdso", source, [source], compiled);
        _steps.Run(new Step("link vdso", "the vDSO", [script, compiled], [output])
        {
            Program = HostCommand.FindOrFail("ld.lld", "lld"),
            Arguments =
            [
                "-shared", "-T", script, "-soname", "linux-vdso.so.1", "--hash-style=both", "--eh-frame-hdr", "-z", "rodynamic",
                "-z", "max-page-size=4096", "-Bsymbolic", "--strip-all", "--fatal-warnings", "-o", output, compiled,
            ],
        });
    }

    private void AssembleFile(string step, string source, IEnumerable<string> inputs, string output, params string[] more) =>
        _steps.Run(new Step(step, "assembly", inputs, [output])
        {
            Program = HostCommand.FindOrFail("nasm", "nasm"),
            Arguments = ["-f", "elf64", "-g", "-F", "dwarf", "-Werror", "-I", Path.GetDirectoryName(source) + "/", .. more, "-o", output, source],
        });

    private void LinkForDebugging(List<string> objects) => RunLinker("link", "first link", objects, _options.DebugImage);

    private void Link(List<string> objects, string symbols) =>
        RunLinker("link with symbols", "second link", [.. objects, symbols], _options.Image, "--strip-all");

    private void RunLinker(string step, string detail, List<string> objects, string output, params string[] more)
    {
        var script = Repository.In("src", "Machine", "X64", "Boot", "kernel.ld");
        _steps.Run(new Step(step, detail, [script, .. objects], [output])
        {
            Program = HostCommand.FindOrFail("ld.lld", "lld"),
            Arguments =
            [
                "-T", script, "-z", "max-page-size=4096", "-static", "-nostdlib", "--no-dynamic-linker", "--fatal-warnings",
                .. more, "-o", output, .. objects,
            ],
        });
    }

    private string MakeSymbols(string[] assemblies)
    {
        var table = _options.Intermediate("symbols.bin");
        _steps.Run(new Step("symbols", "symbol table", [_options.DebugImage, typeof(ImageBuilder).Assembly.Location], [table])
        {
            Action = () => File.WriteAllBytes(table, SymbolTable.Make(new ElfImage(_options.DebugImage), new ReadableNames(assemblies))),
        });
        var source = _options.Intermediate("symbols.asm");
        WriteIfChanged(source, $"section .symbols progbits alloc noexec nowrite align=16\n    incbin \"{table}\"\nsection .note.GNU-stack noalloc noexec nowrite progbits\n");
        var output = _options.Intermediate("symbols.o");
        AssembleFile("nasm symbols", source, [source, table], output);
        return output;
    }

    private void Check(string[] assemblies)
    {
        var report = Path.Combine(_options.OutputDirectory, "checks.txt");
        var kernelObject = _options.Intermediate("kernel.o");
        var tool = typeof(ImageBuilder).Assembly.Location;
        _steps.Run(new Step("checks", "checks of the image", [_options.DebugImage, kernelObject, tool, .. Sources("Machine/X64", "*.inc")], [report])
        {
            Action = () => ImageChecks.Run(
                new ElfImage(_options.DebugImage), new ElfImage(kernelObject), new ReadableNames(assemblies), report),
        });
    }

    private static void WriteIfChanged(string path, string text)
    {
        if (!File.Exists(path) || File.ReadAllText(path) != text)
            File.WriteAllText(path, text);
    }

    private static IEnumerable<string> Sources(string room, params string[] patterns) =>
        patterns.SelectMany(pattern => Directory.EnumerateFiles(Repository.In("src", room), pattern, SearchOption.AllDirectories))
            .Order(StringComparer.Ordinal);
}
