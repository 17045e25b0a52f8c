// `jiffy build`: compiles the kernel and links the bootable image.
using System.CommandLine;
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
        new ImageBuilder(new BuildOptions(), step =>
        {
            if (!step.Skipped)
                Report.Progress($"{step.Detail} ({step.Time.TotalSeconds:0.0} s)");
        }).Build();
    }
}
