// Debian's programs for the guest: packages by name with all they depend on, fetched by the host's apt from wherever that gets its
// packages, as its user and without installing anything; unpacked once; added to the guest's root. Kept in artifacts/cache, by version.
// Maintainer scripts do not run: what a package needs beyond its files, the caller must add.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Jiffy.Cli.Host;

namespace Jiffy.Cli.Root;

internal static class DebianPackages
{
    // No program needs them to run.
    private static readonly string[] Documentation =
        ["usr/share/doc", "usr/share/man", "usr/share/info", "usr/share/locale", "usr/share/lintian", "usr/share/bash-completion"];

    private static readonly TimeSpan DownloadLimit = TimeSpan.FromMinutes(5);

    /// <summary>Adds the files of these packages. A word -NAME leaves a package out, with what only that needs. Throws when one cannot be had.</summary>
    public static void AddTo(RootArchive root, IReadOnlyCollection<string> words)
    {
        foreach (var tree in Fetch(words))
            root.AddFrom(tree);
    }

    /// <summary>Fetches and unpacks what is not there yet; the directory of each package, dependencies first.</summary>
    public static IReadOnlyList<string> Fetch(IReadOnlyCollection<string> words)
    {
        var wanted = words.Where(word => !word.StartsWith('-')).ToArray();
        if (wanted.Length == 0)
            return [];
        var apt = HostCommand.Find("apt-get");
        if (apt is null || HostCommand.Find("apt-cache") is null || HostCommand.Find("dpkg-deb") is null)
            throw new CliFailure("packages for the guest are fetched with Debian's apt-get, apt-cache and dpkg-deb, which this host does not have");
        var leftOut = words.Except(wanted).Select(word => word[1..]).ToHashSet();
        try
        {
            return Fetch(apt, wanted, leftOut, []);
        }
        catch (CliFailure) when (UpdateLists(apt) is { } updated)
        {
            return Fetch(apt, wanted, leftOut, updated);
        }
    }

    private static string[] Fetch(string apt, IReadOnlyList<string> wanted, IReadOnlySet<string> leftOut, string[] options)
    {
        var packages = Candidates(Closure(wanted, leftOut, options), options).ToArray();
        Make(apt, packages.Where(package => !Directory.Exists(package.Tree)).ToArray(), options);
        return packages.Select(package => package.Tree).ToArray();
    }

    /// <summary>The host may have no lists of packages, or old ones: new ones of our own, which takes no rights. The options that use them, or null.</summary>
    private static string[]? UpdateLists(string apt)
    {
        var place = Repository.Ensure("artifacts", "cache", "apt");
        Directory.CreateDirectory(Path.Combine(place, "lists", "partial"));
        Directory.CreateDirectory(Path.Combine(place, "cache", "archives", "partial"));
        string[] options = ["-o", $"Dir::State::lists={place}/lists", "-o", $"Dir::Cache={place}/cache"];
        Report.Progress("fetching lists of packages (apt-get update, for this use only)");
        return HostCommand.Run(apt, ["-q", .. options, "update"], limit: DownloadLimit, environment: Plain).Succeeded ? options : null;
    }

    private static IReadOnlyList<string> Closure(IReadOnlyList<string> wanted, IReadOnlySet<string> leftOut, string[] options)
    {
        string[] only = ["--no-recommends", "--no-suggests", "--no-conflicts", "--no-breaks", "--no-replaces", "--no-enhances"];
        var told = HostCommand.Run("apt-cache", [.. options, "depends", "--recurse", .. only, .. wanted], environment: Plain);
        var dependencies = PackageDependencies.Parse(told.Output.Split('\n'));
        if (wanted.FirstOrDefault(name => !dependencies.Knows(name)) is { } unknown)
            throw new CliFailure($"apt knows no package {unknown}\n{told.Output}".TrimEnd());
        return dependencies.Closure(wanted, leftOut);
    }

    /// <summary>The versions that apt would install.</summary>
    private static IEnumerable<Package> Candidates(IReadOnlyList<string> names, string[] options)
    {
        var told = HostCommand.Run("apt-cache", [.. options, "--no-all-versions", "show", .. names], environment: Plain);
        var found = new Dictionary<string, Package>();
        foreach (var stanza in told.Output.Split("\n\n"))
            if (Field(stanza, "Package") is { } name && Field(stanza, "Version") is { } version && Field(stanza, "Architecture") is { } architecture)
                found.TryAdd(name, new Package(name, version, architecture));
        return names.Select(name => found.GetValueOrDefault(name) ?? throw new CliFailure($"apt has no version of the package {name}"));
    }

    private static string? Field(string stanza, string name) =>
        stanza.Split('\n').FirstOrDefault(line => line.StartsWith(name + ": ", StringComparison.Ordinal))?[(name.Length + 2)..].Trim();

    private static void Make(string apt, IReadOnlyCollection<Package> missing, string[] options)
    {
        if (missing.Count == 0)
            return;
        using var scratch = new ScratchDirectory();
        Report.Progress($"fetching {string.Join(", ", missing.Select(package => package.Name))} (apt-get download)");
        var versions = missing.Select(package => $"{package.Name}={package.Version}");
        var result = HostCommand.Run(apt, ["-q", .. options, "download", .. versions], scratch.Path, DownloadLimit, Plain);
        Require(result, "the packages could not be fetched");
        foreach (var package in missing)
            Unpack(package, scratch);
    }

    /// <summary>A tree is complete when it has its name: it is made under another one.</summary>
    private static void Unpack(Package package, ScratchDirectory scratch)
    {
        var making = Directory.CreateDirectory(scratch.File(package.Name)).FullName;
        Require(HostCommand.Run("dpkg-deb", ["-x", scratch.File(package.File), making]), $"{package.Name} could not be unpacked");
        foreach (var unneeded in Documentation.Select(path => Path.Combine(making, path)).Where(Directory.Exists))
            Directory.Delete(unneeded, recursive: true);
        try
        {
            Directory.Move(making, package.Tree);
        }
        catch (IOException) when (Directory.Exists(package.Tree))
        {
            // Another command was faster.
        }
    }

    private static readonly Dictionary<string, string> Plain = new() { ["LC_ALL"] = "C" };

    private static void Require(HostResult result, string problem)
    {
        if (!result.Succeeded)
            throw new CliFailure($"{problem}:\n{result.Output.TrimEnd()}");
    }

    private sealed record Package(string Name, string Version, string Architecture)
    {
        /// <summary>As apt-get names what it downloads.</summary>
        public string File => $"{Name}_{Version.Replace(":", "%3a")}_{Architecture}.deb";

        /// <summary>Where it is unpacked.</summary>
        public string Tree => Path.Combine(Repository.Ensure("artifacts", "cache", "packages"), $"{Name}_{Version.Replace(':', '%')}_{Architecture}");
    }
}
