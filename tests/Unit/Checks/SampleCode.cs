// The samples, as code to check: this very assembly's types in the namespace of the samples.
using System;
using System.IO;
using System.Linq;
using Jiffy.Checks.Code;

namespace Jiffy.Tests.Unit.Checks;

internal static class SampleCode
{
    private const string Namespace = "Jiffy.Tests.Unit.Checks.Samples";
    private static readonly string[] KernelAssemblies = ["Jiffy.Kernel.dll", "Jiffy.Machine.dll"];

    /// <summary>The samples alone.</summary>
    public static CodeBase Alone { get; } = Load([]);

    /// <summary>The samples, the kernel and of the machine what may sleep. (The simulated machine's inside calls everything.)</summary>
    public static CodeBase WithKernel { get; } = Load(KernelAssemblies);

    public static CodeBase Kernel { get; } = CodeBase.Load([Beside(KernelAssemblies[0])]);

    /// <summary>A new directory for a test's files.</summary>
    public static string Scratch() => Directory.CreateTempSubdirectory("jiffy-checks-").FullName;

    private static CodeBase Load(string[] more) =>
        CodeBase.Load(
            more.Select(Beside).Prepend(typeof(SampleCode).Assembly.Location),
            type => type.Namespace.StartsWith(Namespace, StringComparison.Ordinal) || type.Module.Name == KernelAssemblies[0] || type.Name == "UserMemory");

    private static string Beside(string name) => Path.Combine(AppContext.BaseDirectory, name);
}
