// `jiffy build`: compiles the kernel and links the bootable image.
using System.CommandLine;
using System.Diagnostics;
using System.IO;
using System.Threading;
using Jiffy.Cli.Build;
using Jiffy.Cli.Host;

namespace Jiffy.Cli.Commands;

internal static class BuildCommand
{
    public static Command Create()
    {
        var command = new Command("build", "Build the kernel image artifacts/image/jiffy.elf, where something has changed.");
        command.SetAction(_ =>
        {
            Prerequisites.Require(Prerequisites.ForBuild);
            BuildImage();
            return ExitStatus.Success;
        });
        return command.WithExamples("jiffy build");
    }

    /// <summary>Brings the image up to date, with progress on the error stream. Fails with the compiler's messages.</summary>
    public static void BuildImage()
    {
        using var turn = WaitForTurn();
        var watch = Stopwatch.StartNew();
        var (steps, last) = (0, "");
        new ImageBuilder(new BuildOptions(), step =>
        {
            // Each kind of step is told once, when it begins: there are many files to assemble.
            if (!step.IsStart)
                return;
            steps++;
            if (step.Detail != last)
                Report.Progress($"building the kernel: {step.Detail}");
            last = step.Detail;
        }).Build();
        if (steps > 0)
            Report.Progress($"built {Repository.Relative(Repository.KernelImage)} in {watch.Elapsed.TotalSeconds:0.0} s");
    }

    // What the framework gives for EWOULDBLOCK. Any other error would not go away by waiting.
    private const int LockedByAnother = 11;

    /// <summary>Two commands at once must not build into the same place.</summary>
    private static FileStream WaitForTurn()
    {
        var path = Path.Combine(Repository.Cache, "build.lock");
        for (var waited = false; ; waited = true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException error) when (error.HResult == LockedByAnother)
            {
                if (!waited)
                    Report.Progress("waiting for another build");
                Thread.Sleep(200);
            }
        }
    }
}
