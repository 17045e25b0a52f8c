// /proc/version, cmdline, filesystems and devices: what this kernel is and has. Process context. Linux: fs/proc/version.c, filesystems.c.
using System;
using Jiffy.Kernel.Observe;
using Jiffy.Machine;

namespace Jiffy.Kernel.Files.Proc;

internal static class SystemTexts
{
    public static void WriteVersion(PagedText text)
    {
        text.Append($"{SystemNames.System} version {SystemNames.Release} (jiffy@jiffy) (C#) {SystemNames.Version}\n");
    }

    public static void WriteCommandLine(PagedText text) => text.Append($"{BootInfo.CommandLine}\n");

    public static void WriteFileSystems(PagedText text)
    {
        for (var i = 0; i < FileSystemTypes.Count; i++)
            text.Append($"nodev\t{FileSystemTypes.Get(i).Name}\n");
    }

    public static void WriteDevices(PagedText text) =>
        text.Append("Character devices:\n  1 mem\n  4 ttyS\n  5 /dev/tty\n  5 /dev/console\n\nBlock devices:\n"u8);
}
