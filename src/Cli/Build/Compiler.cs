// The compiler from IL to machine code, a NuGet package that the kernel's project restores. Its version is pinned: the core library
// depends on contracts that change between versions.
using System;
using System.IO;
using System.Linq;
using System.Xml.Linq;
using Jiffy.Cli.Host;

namespace Jiffy.Cli.Build;

internal static class Compiler
{
    private const string Package = "runtime.linux-x64.microsoft.dotnet.ilcompiler";

    /// <summary>The program's path; the kernel's project has been built, and so restored, before.</summary>
    public static string Find()
    {
        var path = Path.Combine(PackageRoot(), Package, Version(), "tools", "ilc");
        if (!File.Exists(path))
            throw new CliFailure($"the compiler was not restored: {path} is missing");
        return path;
    }

    public static string Version() =>
        XDocument.Load(Repository.In("Directory.Packages.props")).Descendants("IlcVersion").Single().Value.Trim();

    private static string PackageRoot()
    {
        var configured = Environment.GetEnvironmentVariable("NUGET_PACKAGES");
        return string.IsNullOrEmpty(configured)
            ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages")
            : configured;
    }
}
