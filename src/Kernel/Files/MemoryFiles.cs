// memfd_create: regular files without a name, in a file system mounted nowhere. Linux: mm/memfd.c, shm_mnt.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Observe;
using Jiffy.Kernel.Structures;

namespace Jiffy.Kernel.Files;

public static class MemoryFiles
{
    private static Mount s_mount = null!;

    public static void Init()
    {
        var made = AnonymousFiles.MakeFileSystem(TemporaryFileSystem.Instance);
        Invariant.That(made.IsOk, "memory for the file system of memory files");
        s_mount = made.Value;
    }

    /// <summary>An empty file open for reading and writing. <paramref name="name"/>: at most 249 bytes. ENFILE, ENOMEM.</summary>
    public static Result<OpenFile> Create(ReadOnlySpan<byte> name)
    {
        Span<byte> buffer = stackalloc byte[FileConstants.NAME_MAX];
        var full = new TextWriter(buffer);
        full.Append("memfd:"u8);
        full.Append(name);
        var made = AnonymousFiles.Make(s_mount, FileConstants.S_IFREG | 0x1ff, MemoryInodeOperations.Instance, PageFileOperations.Instance, full.Written, numbered: false);
        if (!made.TryGet(out var place))
            return made.Error;
        var file = OpenFile.Create(place, FileConstants.O_RDWR | FileConstants.O_LARGEFILE);
        place.Drop();
        return file;
    }
}
