// What to build, where it goes, and who is told about progress.
using System;
using System.IO;
using Jiffy.Cli.Host;

namespace Jiffy.Cli.Build;

/// <summary>How the compiler sees the kernel: as one program, or as a part to which modules can be added.</summary>
internal enum CompilerMode
{
    WholeProgram,
    MultiFile,
}

internal sealed record BuildOptions
{
    /// <summary>Debug has assertions, Release has none; both are optimised.</summary>
    public string Configuration { get; init; } = "Debug";

    public CompilerMode Mode { get; init; } = CompilerMode.WholeProgram;

    /// <summary>Where the image and what leads to it goes.</summary>
    public string OutputDirectory { get; init; } = Repository.Ensure("artifacts", "image");

    /// <summary>The bootable image, without debug information.</summary>
    public string Image => Path.Combine(OutputDirectory, "jiffy.elf");

    /// <summary>The same code at the same addresses, with debug information, for gdb.</summary>
    public string DebugImage => Path.Combine(OutputDirectory, "jiffy.debug.elf");

    public string Intermediate(string name) => Path.Combine(OutputDirectory, "obj", name);
}

/// <summary>One step begins, has ended, or was not needed.</summary>
internal sealed record BuildEvent(string Step, string Detail, TimeSpan Time, bool Skipped)
{
    public bool IsStart { get; init; }
}
