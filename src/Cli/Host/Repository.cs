// Where things are: the repository's root and the places of what is built. Nothing is written outside artifacts/.
using System;
using System.IO;

namespace Jiffy.Cli.Host;

internal static class Repository
{
    /// <summary>The repository's root directory, absolute.</summary>
    public static string Root { get; } = FindRoot();

    public static string Artifacts => In("artifacts");

    /// <summary>The bootable kernel, an ELF file with a PVH note.</summary>
    public static string KernelImage => In("artifacts", "image", "jiffy.elf");

    /// <summary>Downloads and probe results, kept by `jiffy clean`.</summary>
    public static string Cache => Ensure("artifacts", "cache");

    /// <summary>Test programs compiled from user/.</summary>
    public static string UserPrograms => Ensure("artifacts", "user");

    public static string In(params string[] parts) => Path.Combine([Root, .. parts]);

    /// <summary>Path relative to the root, for messages.</summary>
    public static string Relative(string path) => Path.GetRelativePath(Root, path);

    public static string Ensure(params string[] parts) => Directory.CreateDirectory(In(parts)).FullName;

    private static string FindRoot()
    {
        var given = Environment.GetEnvironmentVariable("JIFFY_ROOT");
        if (!string.IsNullOrEmpty(given) && IsRoot(given))
            return Path.GetFullPath(given);
        for (var directory = AppContext.BaseDirectory; directory is not null; directory = Path.GetDirectoryName(directory))
            if (IsRoot(directory))
                return directory;
        throw new CliFailure("the repository was not found: start the tool with the script `jiffy` at its root");
    }

    private static bool IsRoot(string directory) => File.Exists(Path.Combine(directory, "Jiffy.slnx"));
}

/// <summary>A directory under artifacts/run that goes away with the command that made it.</summary>
internal sealed class ScratchDirectory : IDisposable
{
    static ScratchDirectory() => SweepLeftOvers();

    public string Path { get; } = Directory.CreateDirectory(
        System.IO.Path.Combine(Repository.Ensure("artifacts", "run"), $"{Environment.ProcessId}-{Guid.NewGuid():n}")).FullName;

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public void Dispose() => TryDelete(Path);

    /// <summary>Directories are named after the process that made them; one that was killed could not remove its own.</summary>
    private static void SweepLeftOvers()
    {
        foreach (var directory in Directory.GetDirectories(Repository.Ensure("artifacts", "run")))
            if (!Directory.Exists($"/proc/{System.IO.Path.GetFileName(directory).Split('-')[0]}"))
                TryDelete(directory);
    }

    private static void TryDelete(string directory)
    {
        try
        {
            Directory.Delete(directory, recursive: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // Another command was faster, a file is in use, or it is another user's: a later one sweeps it.
        }
    }
}
