// The root file system every guest boots with: BusyBox under all its names, a few files of /etc, and the first
// program. What the first program then runs is the caller's choice (GuestPlan).
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Jiffy.Cli.Host;

namespace Jiffy.Cli.Root;

/// <summary>What the guest does once it is up.</summary>
/// <param name="Command">One command to run, or null for a login shell on the terminal.</param>
/// <param name="Terminal">The terminal's settings, words for stty; null leaves them alone.</param>
/// <param name="TerminalType">Value of TERM.</param>
internal sealed record GuestPlan(IReadOnlyList<byte[]>? Command, string? Terminal = null, string TerminalType = "linux")
{
    /// <summary>What the command reads, or null when it reads the terminal.</summary>
    public byte[]? Input { get; init; }
}

internal static class GuestRoot
{
    private static readonly string[] EmptyDirectories =
        ["dev", "etc", "etc/jiffy", "home", "mnt", "proc", "run", "sys", "usr", "usr/lib", "var", "var/log"];

    public static RootArchive Create(GuestPlan plan)
    {
        var root = new RootArchive();
        foreach (var directory in EmptyDirectories)
            root.AddDirectory(directory);
        root.AddDirectory("root", 0x1c0 /* 0700 */);
        root.AddDirectory("tmp", 0x3ff /* 1777 */);
        root.AddDirectory("var/tmp", 0x3ff);
        root.AddCharacterDevice("dev/console", 5, 1, 0x180 /* 0600 */);
        root.AddCharacterDevice("dev/null", 1, 3, 0x1b6 /* 0666 */);
        AddBusyBox(root, Prerequisites.StaticBusyBox());
        AddSettings(root);
        AddPlan(root, plan);
        return root;
    }

    private static void AddBusyBox(RootArchive root, string busyBox)
    {
        const string home = "bin/busybox";
        root.AddFile(home, File.ReadAllBytes(busyBox), executable: true);
        var list = HostCommand.Run(busyBox, ["--list-full"], limit: TimeSpan.FromSeconds(20));
        if (!list.Succeeded)
            throw new CliFailure($"{busyBox} --list-full failed:\n{list.Output}");
        foreach (var applet in list.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(name => name is not (home or "linuxrc")))
            root.AddLink(applet, $"/{home}");
    }

    private static void AddSettings(RootArchive root)
    {
        root.AddText("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n");
        root.AddText("etc/group", "root:x:0:\ntty:x:5:\nnogroup:x:65534:\n");
        root.AddText("etc/hostname", "jiffy\n");
        root.AddText("etc/hosts", "127.0.0.1 localhost jiffy\n");
        root.AddText("etc/profile", GuestScripts.Profile);
        root.AddText("etc/jiffy/session", GuestScripts.Session);
        root.AddText("init", GuestScripts.Init, executable: true);
    }

    private static void AddPlan(RootArchive root, GuestPlan plan)
    {
        root.AddText("etc/jiffy/terminal-type", plan.TerminalType + "\n");
        if (plan.Terminal is not null)
            root.AddText("etc/jiffy/terminal", plan.Terminal + "\n");
        if (plan.Input is not null)
            root.AddFile("etc/jiffy/input", plan.Input);
        if (plan.Command is not null)
            root.AddFile("etc/jiffy/command", ShellText.ExecScript(plan.Command));
    }
}
