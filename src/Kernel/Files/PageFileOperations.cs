// Open regular files, directories and useless nodes of memory file systems.
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Structures;

namespace Jiffy.Kernel.Files;

/// <summary>A regular file whose contents are pages.</summary>
public sealed class PageFileOperations : FileOperations
{
    public static readonly PageFileOperations Instance = new();

    public override bool CanPoll => false;

    public override bool CanMap => true;
    public override bool SharesPages => true;

    public override Result<int> Read(OpenFile file, ref IoBuffer to, ref long position)
    {
        var result = PageFile.Read(file.Inode, ref to, ref position);
        if (result.IsOk)
            FileTime.Accessed(file);
        return result;
    }

    public override Result<int> Write(OpenFile file, ref IoBuffer from, ref long position)
    {
        var inode = file.Inode;
        using (inode.Contents.Acquire())
        {
            if (file.IsAppend)
                position = inode.Size;
            var result = PageFile.Write(inode, ref from, ref position);
            if (result.IsOk && result.Value > 0)
            {
                FileAttributes.DropSetId(inode);
                FileTime.Modified(inode);
            }

            return result;
        }
    }

    public override Result<long> Seek(OpenFile file, long offset, int whence) => FileSeek.WithHoles(file, offset, whence);
}

/// <summary>A directory all of whose names are in memory. The position is the next name's cookie.</summary>
public sealed class MemoryDirectoryOperations : FileOperations
{
    public static readonly MemoryDirectoryOperations Instance = new();

    public override bool CanPoll => false;

    public override Result<int> Read(OpenFile file, ref IoBuffer to, ref long position) => Errno.EISDIR;

    public override Errno ReadDirectory(OpenFile file, ref DirectoryWriter to)
    {
        if (!to.AddDots())
            return Errno.None;
        using (file.Inode.FileSystem.Tree.Acquire())
        {
            ref var names = ref file.Inode.Children;
            var entry = names.FindAtOrAfter<long, DirectoryEntry.InDirectory>(file.Position);
            while (entry is not null)
            {
                var type = FileConstants.DirectoryType(entry.Inode.Mode);
                if (!to.Add(entry.Name, entry.Inode.Number, type, entry.Cookie + 1))
                    break;
                entry = RedBlackTree<DirectoryEntry, DirectoryEntry.InDirectory>.Next(entry);
            }
        }

        FileTime.Accessed(file);
        return Errno.None;
    }

    public override Result<long> Seek(OpenFile file, long offset, int whence) => whence switch
    {
        FileConstants.SEEK_SET when offset >= 0 => offset,
        FileConstants.SEEK_CUR when file.Position + offset >= 0 => file.Position + offset,
        _ => Errno.EINVAL,
    };
}

/// <summary>A node for a device that nobody serves, or a socket's name.</summary>
public sealed class NoDeviceOperations : FileOperations
{
    public static readonly NoDeviceOperations Instance = new();

    public override Errno Open(OpenFile file) => Errno.ENXIO;
}
