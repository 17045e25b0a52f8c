// Debian's Linux kernel for virtual machines, to compare with: fetched with apt into the cache, never installed.
using System;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using Jiffy.Cli.Host;

namespace Jiffy.Cli.Bench;

internal static partial class LinuxKernel
{
    private const string MetaPackage = "linux-image-cloud-amd64";

    /// <summary>The kernel's file in the cache, downloaded if it is not there.</summary>
    public static string Fetch()
    {
        var place = Path.Combine(Repository.Cache, "linux");
        if (Existing(place) is { } ready)
            return ready;
        Report.Progress($"downloading the package {MetaPackage} into {Repository.Relative(place)}");
        Directory.CreateDirectory(place);
        var package = PackageName();
        var download = HostCommand.Run("apt-get", ["download", "-q", package], place, TimeSpan.FromMinutes(5));
        var archive = Directory.GetFiles(place, "*.deb").FirstOrDefault();
        if (archive is null)
            throw new CliFailure($"apt-get download {package} failed:\n{download.Output}");
        var unpack = HostCommand.Run("dpkg-deb", ["-x", archive, place], limit: TimeSpan.FromMinutes(2));
        if (!unpack.Succeeded)
            throw new CliFailure($"the package cannot be unpacked:\n{unpack.Output}");
        File.Delete(archive);
        return Existing(place) ?? throw new CliFailure($"no kernel in the package {package}");
    }

    private static string? Existing(string place) =>
        Directory.Exists(Path.Combine(place, "boot"))
            ? Directory.GetFiles(Path.Combine(place, "boot"), "vmlinuz-*").FirstOrDefault()
            : null;

    private static string PackageName()
    {
        var depends = HostCommand.Run("apt-cache", ["depends", MetaPackage], limit: TimeSpan.FromMinutes(1));
        var match = ImageName().Match(depends.Output);
        return match.Success
            ? match.Value
            : throw new CliFailure($"apt knows no package {MetaPackage}; only Debian has it:\n{depends.Output}");
    }

    [GeneratedRegex(@"linux-image-[0-9][\w.+-]*")]
    private static partial Regex ImageName();
}
