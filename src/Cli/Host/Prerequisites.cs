// What the host must have, and how it gets it: with apt where that is allowed, else by one line the user can run.
// Installing never asks a question: it happens as root, or with a sudo that needs no password, or not at all.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace Jiffy.Cli.Host;

/// <summary>A program of the host and the Debian package that brings it.</summary>
internal sealed record Prerequisite(string Program, string Package)
{
    /// <summary>A library the program needs that may be missing beside it, as a path of Debian's.</summary>
    public string? Library { get; init; }

    public bool IsPresent => HostCommand.Find(Program) is not null && (Library is null || File.Exists(Library) || !IsDebian(Library));

    // Other systems keep their libraries elsewhere.
    private static bool IsDebian(string library) => Directory.Exists(Path.GetDirectoryName(library));
}

internal static class Prerequisites
{
    public static readonly Prerequisite Qemu = new("qemu-system-x86_64", "qemu-system-x86");
    public static readonly Prerequisite Assembler = new("nasm", "nasm");
    public static readonly Prerequisite Linker = new("ld.lld", "lld");
    public static readonly Prerequisite Debugger = new("gdb", "gdb");
    public static readonly Prerequisite MuslCompiler = new("musl-gcc", "musl-tools");
    public static readonly Prerequisite Compiler = new("gcc", "gcc libc6-dev") { Library = "/usr/lib/x86_64-linux-gnu/libc.a" };
    public static readonly Prerequisite BusyBox = new("busybox", "busybox-static");

    /// <summary>To compile and link the kernel.</summary>
    public static readonly Prerequisite[] ForBuild = [Assembler, Linker];

    /// <summary>To boot it with BusyBox as the first programs.</summary>
    public static readonly Prerequisite[] ForRun = [Qemu, BusyBox];

    /// <summary>Makes sure that all of these are there, installing what is not. Fails with the line to run otherwise.</summary>
    public static void Require(params IEnumerable<Prerequisite> wanted)
    {
        var packages = wanted.Where(IsMissing).SelectMany(item => item.Package.Split(' ')).Distinct().ToArray();
        if (packages.Length == 0)
            return;

        var apt = HostCommand.Find("apt-get");
        if (apt is null)
            throw new CliFailure($"missing: {string.Join(", ", packages)} (names as in Debian); install them with your package manager");
        var line = InstallLine(packages, IsRoot(), HostCommand.Find("sudo") is not null);
        var prefix = RootPrefix() ?? throw new CliFailure($"missing: {string.Join(", ", packages)}. Run this, then try again:\n    {line}");

        Report.Progress($"installing {string.Join(", ", packages)} (apt-get)");
        if (!Apt(prefix, ["install", "-y", "--no-install-recommends", .. packages]).Succeeded)
        {
            Apt(prefix, ["update"]);
            var second = Apt(prefix, ["install", "-y", "--no-install-recommends", .. packages]);
            if (!second.Succeeded)
                throw new CliFailure($"apt-get could not install the packages:\n{second.Output}\nThe line to run: {line}");
        }

        var still = wanted.Where(IsMissing).ToArray();
        if (still.Length > 0)
            throw new CliFailure($"still missing after the installation: {string.Join(", ", still.Select(item => item.Program))}");
    }

    /// <summary>The statically linked BusyBox of the host. Any other would not run alone in the guest.</summary>
    public static string StaticBusyBox() =>
        BusyBoxCandidates().FirstOrDefault(ElfFile.IsStatic)
        ?? throw new CliFailure("no statically linked busybox was found (package busybox-static)");

    /// <summary>The one line that installs these packages, for the user to run. A fresh system has no lists of packages yet.</summary>
    internal static string InstallLine(IEnumerable<string> packages, bool isRoot, bool hasSudo)
    {
        var install = $"apt-get install -y --no-install-recommends {string.Join(' ', packages)}";
        if (isRoot)
            return $"apt-get update && {install}";
        return hasSudo ? $"sudo apt-get update && sudo {install}" : $"su -c 'apt-get update && {install}'";
    }

    private static bool IsMissing(Prerequisite item) =>
        item == BusyBox ? !BusyBoxCandidates().Any(ElfFile.IsStatic) : !item.IsPresent;

    private static IEnumerable<string> BusyBoxCandidates() =>
        new[] { HostCommand.Find("busybox"), "/bin/busybox", "/usr/bin/busybox", "/bin/busybox.static" }
            .OfType<string>().Where(File.Exists);

    /// <summary>The command words that make the next command run as root, or null when that needs a password.</summary>
    private static string[]? RootPrefix()
    {
        if (IsRoot())
            return [];
        var sudo = HostCommand.Find("sudo");
        return sudo is not null && HostCommand.Run(sudo, ["-n", "true"], limit: TimeSpan.FromSeconds(10)).Succeeded
            ? [sudo, "-n"]
            : null;
    }

    private static bool IsRoot() => Environment.IsPrivilegedProcess;

    private static HostResult Apt(string[] prefix, string[] arguments)
    {
        // `env` because sudo drops the environment.
        string[] words = [.. prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-o", "DPkg::Lock::Timeout=120", .. arguments];
        return HostCommand.Run(words[0], words.Skip(1), onLine: line => Report.Progress($"  {line}"));
    }
}
