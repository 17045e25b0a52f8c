// The initial ramdisk: what an archive says is what the tree holds; damaged archives stop without harm.
using System;
using System.Collections.Generic;
using System.Text;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Xunit;

namespace Jiffy.Tests.Sim.Files;

using static FileConstants;

public sealed class CpioTests
{
    [Fact]
    public void Directories_files_links_and_nodes() => FilesKernel.Run(() => Unpacked(
        [.. Entry("./bin", S_IFDIR | 0x1ed), .. Entry("./bin/a", S_IFREG | 0x1ed, "text"), .. Entry("bin/l", S_IFLNK | 0x1ff, "a"), .. Entry("dev/null", S_IFCHR | 0x1b6, major: 1, minor: 3), .. Trailer],
        root =>
        {
            Assert.Equal("text", Read(root, "bin/a"));
            Assert.Equal("text", Read(root, "bin/l"));
            var node = Find(root, "dev/null");
            Assert.Equal(new DeviceNumber(1, 3), node.Inode.Device);
            Assert.Equal(S_IFCHR | 0x1b6, node.Inode.Mode);
            node.Drop();
        }));

    [Fact]
    public void Hard_links_share_one_file_wherever_the_data_comes() => FilesKernel.Run(() => Unpacked(
        [.. Entry("one", S_IFREG | 0x1a4, "", inode: 7, links: 2), .. Entry("two", S_IFREG | 0x1a4, "shared", inode: 7, links: 2), .. Trailer],
        root =>
        {
            Assert.Equal("shared", Read(root, "one"));
            var one = Find(root, "one");
            var two = Find(root, "two");
            Assert.Same(one.Inode, two.Inode);
            Assert.Equal(2, one.Inode.LinkCount);
            one.Drop();
            two.Drop();
        }));

    [Fact]
    public void A_second_archive_replaces_files_of_the_first() => FilesKernel.Run(() => Unpacked(
        [.. Entry("f", S_IFREG | 0x1a4, "first"), .. Trailer, .. new byte[512], .. Entry("f", S_IFREG | 0x180, "2nd"), .. Trailer],
        root => Assert.Equal("2nd", Read(root, "f"))));

    [Theory]
    [InlineData("../up")]
    [InlineData("a/../../b")]
    public void Names_that_climb_are_refused(string name) => FilesKernel.Run(() => Refused([.. Entry(name, S_IFREG | 0x1a4, "x"), .. Trailer], "bad name"));

    [Fact]
    public void Cut_and_damaged_archives_are_refused() => FilesKernel.Run(() =>
    {
        var whole = Entry("file", S_IFREG | 0x1a4, "contents");
        Refused(whole[..^4], "archive ends early");
        whole[20] = (byte)'x';
        Refused(whole, "not a cpio header");
        Refused([1, 2, 3], "not a cpio header");
    });

    private static byte[] Trailer => Entry("TRAILER!!!", 0);

    private static byte[] Entry(string name, uint mode, string data = "", uint inode = 0, uint links = 1, uint major = 0, uint minor = 0)
    {
        var bytes = new List<byte>(Encoding.ASCII.GetBytes("070701"));
        foreach (var field in new[] { inode, mode, 0u, 0u, links, 1000u, (uint)data.Length, 0u, 0u, major, minor, (uint)name.Length + 1, 0u })
            bytes.AddRange(Encoding.ASCII.GetBytes(field.ToString("x8", System.Globalization.CultureInfo.InvariantCulture)));
        bytes.AddRange(Encoding.UTF8.GetBytes(name + "\0"));
        Align(bytes);
        bytes.AddRange(Encoding.UTF8.GetBytes(data));
        Align(bytes);
        return bytes.ToArray();
    }

    private static void Align(List<byte> bytes)
    {
        while (bytes.Count % 4 != 0)
            bytes.Add(0);
    }

    private static void Unpacked(byte[] archive, Action<Mount> check)
    {
        var mount = NewTree();
        var unpacking = new CpioArchive(archive, mount.Root);
        Assert.True(unpacking.UnpackAll(), unpacking.Problem);
        check(mount);
        mount.Drop();
    }

    private static void Refused(byte[] archive, string why)
    {
        var mount = NewTree();
        var unpacking = new CpioArchive(archive, mount.Root);
        Assert.False(unpacking.UnpackAll());
        Assert.Equal(why, unpacking.Problem);
        mount.Drop();
    }

    private static Mount NewTree()
    {
        Assert.True(RamFileSystem.Instance.Mount(default).TryGet(out var fileSystem));
        Assert.True(Mount.Create(fileSystem, fileSystem.Root, 0, default).TryGet(out var mount));
        return mount;
    }

    // By names only, a link's text taken as a name beside it.
    private static DirectoryEntry Find(Mount mount, string path)
    {
        var at = mount.Root;
        at.AddUser();
        foreach (var name in path.Split('/'))
        {
            Assert.True(DirectoryTree.Lookup(at, FilesKernel.Bytes(name)).TryGet(out var next), name);
            at.Drop();
            at = next;
        }

        return at;
    }

    private static string Read(Mount mount, string path)
    {
        var entry = Find(mount, path);
        var bytes = new byte[100];
        if (entry.Inode.IsSymbolicLink)
        {
            var length = entry.Inode.GetText(bytes).Value;
            entry.Drop();
            return Read(mount, path[..(path.LastIndexOf('/') + 1)] + FilesKernel.Text(bytes.AsSpan(0, length)));
        }

        Assert.True(OpenFile.Create(new Location(mount, entry), O_RDONLY).TryGet(out var file));
        var count = file.ReadKernel(bytes, 0).Value;
        file.Drop();
        entry.Drop();
        return FilesKernel.Text(bytes.AsSpan(0, count));
    }
}
