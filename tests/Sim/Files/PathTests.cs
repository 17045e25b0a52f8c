// Names: making, finding, moving and removing them, through links and over mounts.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Structures;
using Jiffy.Machine.Sim;
using Xunit;

namespace Jiffy.Tests.Sim.Files;

using static FileConstants;

public sealed class PathTests
{
    [Fact]
    public void Dots_slashes_and_the_root() => FilesKernel.Run(() =>
    {
        Make("d", S_IFDIR);
        Make("d/e", S_IFDIR);
        Make("d/e/f", S_IFREG);
        Assert.True(Same("/d/e/f", "//d/./e/..//e/f"));
        Assert.True(Same("/", "/d/../.."));
        Assert.Equal(Errno.ENOTDIR, ErrorOf("/d/e/f/"));
        Assert.Equal(Errno.ENOTDIR, ErrorOf("/d/e/f/x"));
        Assert.Equal(Errno.ENOENT, ErrorOf("/d/x/.."));
        Assert.Equal(Errno.ENOENT, ErrorOf(""));
        Assert.Equal(Errno.ENAMETOOLONG, ErrorOf("/" + new string('a', 256)));
        Assert.Equal(Errno.ENOENT, ErrorOf("/" + new string('a', 255)));
        Remove("d/e/f", false);
        Remove("d/e", true);
        Remove("d", true);
    });

    [Fact]
    public void Links_are_followed_and_loops_end() => FilesKernel.Run(() =>
    {
        Make("d", S_IFDIR);
        Make("d/f", S_IFREG);
        Make("rel", S_IFLNK, "d/f");
        Make("dir", S_IFLNK, "/d/");
        Make("d/up", S_IFLNK, "../d/../rel");
        Make("loop", S_IFLNK, "loop");
        Make("long", S_IFLNK, new string('.', 0) + string.Concat(System.Linq.Enumerable.Repeat("./", 100)) + "d/f");
        Assert.True(Same("/rel", "/d/f"));
        Assert.True(Same("/dir/up", "/d/f"));
        Assert.True(Same("/long", "/d/f"));
        Assert.Equal(Errno.ELOOP, ErrorOf("/loop"));
        Assert.Equal(Errno.None, ErrorOf("/loop", AT_SYMLINK_NOFOLLOW));
        Assert.Equal(Errno.ELOOP, OpenError("/loop", O_RDONLY | O_NOFOLLOW));
        foreach (var name in new[] { "rel", "dir", "d/up", "loop", "long", "d/f" })
            Remove(name, false);
        Remove("d", true);
    });

    [Fact]
    public void Creating_through_a_dangling_link_makes_its_target() => FilesKernel.Run(() =>
    {
        Make("link", S_IFLNK, "target");
        Assert.Equal(Errno.EEXIST, OpenError("/link", O_CREAT | O_EXCL | O_RDWR));
        Assert.Equal(Errno.None, OpenError("/link", O_CREAT | O_RDWR));
        Assert.Equal(Errno.None, ErrorOf("/target"));
        Remove("link", false);
        Remove("target", false);
    });

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Of_those_who_create_a_file_at_once_one_makes_it_and_all_open_it(int cpus)
    {
        var options = new ExploreOptions { Machine = new SimOptions { Cpus = cpus, MemoryBytes = 24 << 20 }, Schedules = 300 };
        Explore.Schedules(options, machine =>
        {
            var kernel = FilesKernel.Start(machine);
            var errors = new Errno[4];
            for (var i = 0; i < errors.Length; i++)
            {
                var number = i;
                kernel.Spawn($"opener{i}", () => errors[number] = OpenError("/f", number < 2 ? O_CREAT | O_WRONLY : O_CREAT | O_EXCL | O_WRONLY));
            }

            kernel.RunAll();
            Assert.Equal([Errno.None, Errno.None], errors[..2]);
            Assert.Contains(Errno.EEXIST, errors[2..]);
            Assert.All(errors[2..], error => Assert.True(error is Errno.None or Errno.EEXIST));
        });
    }

    [Fact]
    public void A_removed_file_lives_while_it_is_open() => FilesKernel.Run(() =>
    {
        Assert.True(Open("/f", O_CREAT | O_RDWR).TryGet(out var file));
        var from = new IoBuffer("contents"u8);
        long position = 0;
        Assert.Equal(8, file.Operations.Write(file, ref from, ref position).Value);
        Remove("f", false);
        Assert.Equal(Errno.ENOENT, ErrorOf("/f"));
        var bytes = new byte[8];
        Assert.Equal(8, file.ReadKernel(bytes, 0).Value);
        Assert.Equal("contents", FilesKernel.Text(bytes));
        file.Drop();
    });

    [Fact]
    public void Renames_move_replace_and_refuse() => FilesKernel.Run(() =>
    {
        Make("a", S_IFDIR);
        Make("a/b", S_IFDIR);
        Make("f", S_IFREG);
        Make("g", S_IFREG);
        Assert.Equal(Errno.None, Rename("f", "a/b", "h"));
        Assert.Equal(Errno.None, ErrorOf("/a/b/h"));
        Assert.Equal(Errno.None, Rename("g", "a/b", "h"));
        Assert.Equal(Errno.EINVAL, Rename("a", "a/b", "x"));
        Make("full", S_IFDIR);
        Make("full/x", S_IFREG);
        Make("empty", S_IFDIR);
        Assert.Equal(Errno.ENOTEMPTY, Rename("empty", "", "full"));
        Assert.Equal(Errno.None, Rename("full", "", "empty"));
        Assert.Equal(Errno.None, ErrorOf("/empty/x"));
        Assert.Equal(Errno.EISDIR, Rename("empty/x", "", "a"));
        Assert.Equal(Errno.ENOTEMPTY, RemoveError("a", true));
        Remove("empty/x", false);
        Remove("empty", true);
        Remove("a/b/h", false);
        Remove("a/b", true);
        Remove("a", true);
    });

    [Fact]
    public void Mounts_cover_and_uncover() => FilesKernel.Run(() =>
    {
        Make("m", S_IFDIR);
        Make("m/below", S_IFREG);
        Assert.Equal(Errno.None, Mount("m"));
        Assert.Equal(Errno.ENOENT, ErrorOf("/m/below"));
        Assert.True(Same("/", "/m/.."));
        Assert.Equal(Errno.EBUSY, RemoveError("m", true));
        Assert.True(Open("/m/inside", O_CREAT | O_RDWR).TryGet(out var file));
        Assert.Equal(Errno.EBUSY, Unmount("m", 0));
        Assert.Equal(Errno.None, Unmount("m", MNT_DETACH));
        Assert.Equal(Errno.None, ErrorOf("/m/below"));
        file.Drop();
        Remove("m/below", false);
        Remove("m", true);
    });

    [Fact]
    public void Thousands_of_names_are_read_and_removed() => FilesKernel.Run(() =>
    {
        Make("many", S_IFDIR);
        for (var i = 0; i < 3000; i++)
            Make($"many/name{i}", S_IFREG);
        for (var i = 0; i < 3000; i += 7)
            Assert.Equal(Errno.None, ErrorOf($"/many/name{i}"));
        for (var i = 2999; i >= 0; i--)
            Remove($"many/name{i}", false);
        Remove("many", true);
    });

    private static Location Place(string path)
    {
        Assert.True(PathLookup.Resolve(AT_FDCWD, FilesKernel.Bytes("/" + path)).TryGet(out var place));
        return place;
    }

    private static (Location Parent, string Name) Split(string path)
    {
        var at = path.LastIndexOf('/');
        return (Place(at < 0 ? "" : path[..at]), path[(at + 1)..]);
    }

    private static void Make(string path, uint type, string text = "")
    {
        var (parent, name) = Split(path);
        var made = NameMaking.Make(parent, FilesKernel.Bytes(name), type | 0x1ed, default, FilesKernel.Bytes(text));
        Assert.Equal(Errno.None, made.Error);
        made.Value.Drop();
        parent.Drop();
    }

    private static Errno RemoveError(string path, bool directory)
    {
        var (parent, name) = Split(path);
        var error = NameRemoval.Remove(parent, FilesKernel.Bytes(name), directory, trailingSlash: false);
        parent.Drop();
        return error;
    }

    private static void Remove(string path, bool directory) => Assert.Equal(Errno.None, RemoveError(path, directory));

    private static Errno Rename(string from, string directory, string name)
    {
        var (parent, oldName) = Split(from);
        var to = Place(directory);
        var error = NameRemoval.Move(parent, FilesKernel.Bytes(oldName), to, FilesKernel.Bytes(name), 0, trailingSlash: false);
        parent.Drop();
        to.Drop();
        return error;
    }

    private static Errno Mount(string path)
    {
        var place = Place(path);
        var error = Mounting.Mount(place, "none"u8, "tmpfs"u8, 0, "size=64k"u8);
        place.Drop();
        return error;
    }

    private static Errno Unmount(string path, int flags) => Mounting.Unmount(Place(path), flags);

    private static Errno ErrorOf(string path, int flags = 0)
    {
        var found = PathLookup.Resolve(AT_FDCWD, FilesKernel.Bytes(path), flags);
        if (found.IsOk)
            found.Value.Drop();
        return found.Error;
    }

    private static bool Same(string first, string second)
    {
        var a = Place(first);
        var b = Place(second);
        var same = a.Is(b);
        a.Drop();
        b.Drop();
        return same;
    }

    private static Result<OpenFile> Open(string path, int flags) => PathLookup.Open(AT_FDCWD, FilesKernel.Bytes(path), flags, 0x1a4);

    private static Errno OpenError(string path, int flags)
    {
        var opened = Open(path, flags);
        if (opened.IsOk)
            opened.Value.Drop();
        return opened.Error;
    }
}
