// The guest's root file system: a set of files by path, written as one cpio archive.
// A later entry replaces an earlier one of the same path; directories on the way to a file are made by themselves.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using Jiffy.Cli.Host;

namespace Jiffy.Cli.Root;

internal sealed class RootArchive
{
    private readonly Dictionary<string, CpioEntry> _entries = [];
    private readonly List<string> _order = [];

    public IEnumerable<CpioEntry> Entries => _order.Select(name => _entries[name]);

    public bool Contains(string path) => _entries.ContainsKey(path);

    public void AddDirectory(string path, uint permissions = 0x1ed /* 0755 */) =>
        Add(new CpioEntry(path, CpioEntry.Directory | permissions, []));

    public void AddFile(string path, byte[] content, bool executable = false) =>
        Add(new CpioEntry(path, CpioEntry.RegularFile | (executable ? 0x1edu : 0x1a4u), content));

    public void AddText(string path, string content, bool executable = false) =>
        AddFile(path, Encoding.UTF8.GetBytes(content), executable);

    public void AddLink(string path, string target) =>
        Add(new CpioEntry(path, CpioEntry.SymbolicLink | 0x1ff, CpioEntry.NameEncoding.GetBytes(target)));

    public void AddCharacterDevice(string path, uint major, uint minor, uint permissions) =>
        Add(new CpioEntry(path, CpioEntry.CharacterDevice | permissions, [], major, minor));

    public void Add(CpioEntry entry)
    {
        var slash = entry.Name.LastIndexOf('/');
        if (slash > 0 && !_entries.ContainsKey(entry.Name[..slash]))
            AddDirectory(entry.Name[..slash]);
        // A directory that is there already keeps its place: others come after it.
        if (!_entries.ContainsKey(entry.Name))
            _order.Add(entry.Name);
        _entries[entry.Name] = entry;
    }

    /// <summary>Adds a directory tree of the host, or the entries of a cpio archive.</summary>
    public void AddFrom(string path)
    {
        if (Directory.Exists(path))
            AddTree(path);
        else if (File.Exists(path))
            foreach (var entry in CpioReader.ReadFile(path))
                Add(entry);
        else
            throw new CliFailure($"{path}: no such file or directory");
    }

    public void WriteTo(string path)
    {
        using var file = new BufferedStream(File.Create(path), 1 << 16);
        var writer = new CpioWriter(file);
        foreach (var entry in Entries)
            writer.Write(entry);
        writer.Finish();
    }

    /// <summary>Owners become root: the guest knows no users of the host. Sockets, pipes and devices are left out.</summary>
    private void AddTree(string tree)
    {
        tree = Path.TrimEndingDirectorySeparator(Path.GetFullPath(tree));
        string[] special = ["(", "-type", "p", "-o", "-type", "s", "-o", "-type", "b", "-o", "-type", "c", ")", "-print0"];
        var found = HostCommand.Run("find", [tree, .. special]);
        if (!found.Succeeded)
            throw new CliFailure($"{tree} cannot be read:\n{found.Output}");
        AddTree(tree, new DirectoryInfo(tree), found.Output.Split('\0').ToHashSet());
    }

    private void AddTree(string top, DirectoryInfo directory, HashSet<string> leftOut)
    {
        foreach (var item in directory.EnumerateFileSystemInfos().OrderBy(item => item.Name, StringComparer.Ordinal))
        {
            if (leftOut.Contains(item.FullName))
            {
                Report.Error($"warning: {item.FullName} is not a plain file; left out");
                continue;
            }
            Add(EntryOf(item, CpioEntry.NameOf(Path.GetRelativePath(top, item.FullName))));
            if (item is DirectoryInfo below && item.LinkTarget is null)
                AddTree(top, below, leftOut);
        }
    }

    private static CpioEntry EntryOf(FileSystemInfo item, string name)
    {
        var permissions = (uint)item.UnixFileMode;
        var entry = item.LinkTarget is { } target
            ? new CpioEntry(name, CpioEntry.SymbolicLink | 0x1ff, Encoding.UTF8.GetBytes(target))
            : item is DirectoryInfo
                ? new CpioEntry(name, CpioEntry.Directory | permissions, [])
                : new CpioEntry(name, CpioEntry.RegularFile | permissions, File.ReadAllBytes(item.FullName));
        var modified = new DateTimeOffset(item.LastWriteTimeUtc).ToUnixTimeSeconds();
        return entry with { Modified = (uint)Math.Clamp(modified, 0, uint.MaxValue) };
    }
}
