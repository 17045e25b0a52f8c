// /proc/PID/fd: a link for each descriptor, followed to the very file that is open; and /proc/PID/fdinfo: its position and flags.
// Positions: 2 + descriptor. Process context; may sleep. Linux: fs/proc/fd.c.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Structures;

namespace Jiffy.Kernel.Files.Proc;

using static FileConstants;

/// <summary>The names in both directories; which of them, the directory's slot tells.</summary>
internal sealed class DescriptorNames : TaskNames
{
    public static readonly DescriptorNames Instance = new();

    private const int InformationDirectory = 3;

    public override Result<Inode> Lookup(Inode directory, ReadOnlySpan<byte> name)
    {
        var task = TaskHandle.Of(directory);
        var descriptor = TextParsing.Id(name);
        if (descriptor is < 0 or >= FileTable.Capacity || task.TakeFile(descriptor) is not { } file)
            return Errno.ENOENT;
        var flags = file.Flags;
        file.Drop();
        var handle = task.At(FirstSlot(task) | descriptor);
        var made = IsInformation(task)
            ? handle.MakeInode(directory.FileSystem, S_IFREG | 0x100, DescriptorFileNames.Instance, DescriptorInformation.Instance)
            : handle.MakeInode(directory.FileSystem, DescriptorFileNames.ModeOf(flags), DescriptorFileNames.Instance, NoDeviceOperations.Instance);
        return made.Error == Errno.ESRCH ? Errno.ENOENT : made;
    }

    internal static int FirstSlot(TaskHandle directory) =>
        IsInformation(directory) ? TaskHandle.DescriptorInformationSlot : TaskHandle.DescriptorSlot;

    internal static bool IsInformation(TaskHandle directory) => directory.Slot == InformationDirectory;
}

/// <summary>One descriptor's link or information file.</summary>
internal sealed class DescriptorFileNames : TaskNames
{
    public static readonly DescriptorFileNames Instance = new();

    /// <summary>A link's permissions show how the file is open.</summary>
    internal static uint ModeOf(int flags)
    {
        var access = (flags & O_PATH) != 0 ? O_RDONLY : flags & O_ACCMODE;
        return S_IFLNK | (access != O_WRONLY ? 0x140u : 0) | (access != O_RDONLY ? 0xc0u : 0);
    }

    internal static int DescriptorOf(TaskHandle handle) => handle.Slot & TaskHandle.DescriptorSlot - 1;

    public override bool IsValid(Inode inode)
    {
        var task = TaskHandle.Of(inode);
        if (!base.IsValid(inode) || task.TakeFile(DescriptorOf(task)) is not { } file)
            return false;
        if (inode.IsSymbolicLink)
            inode.Mode = ModeOf(file.Flags);
        file.Drop();
        return true;
    }

    public override Result<int> ReadLink(Inode inode, Span<byte> to)
    {
        var found = FollowLink(inode);
        return found.TryGet(out var place) ? TaskLinkNames.Show(place, to) : found.Error;
    }

    public override Result<Location> FollowLink(Inode inode)
    {
        var task = TaskHandle.Of(inode);
        var error = task.CheckInspect();
        if (error != Errno.None)
            return error == Errno.ESRCH ? Errno.ENOENT : error;
        if (task.TakeFile(DescriptorOf(task)) is not { } file)
            return Errno.ENOENT;
        var place = file.Location;
        place.AddUser();
        file.Drop();
        return place;
    }
}

internal sealed class DescriptorDirectory : FileOperations
{
    public static readonly DescriptorDirectory Instance = new();

    public override Result<int> Read(OpenFile file, ref IoBuffer to, ref long position) => Errno.EISDIR;

    public override Errno ReadDirectory(OpenFile file, ref DirectoryWriter to)
    {
        var task = TaskHandle.Of(file.Inode);
        if (!task.IsAlive)
            return Errno.ENOENT;
        if (!to.AddDots() || task.TakeFiles() is not { } files)
            return Errno.None;
        var type = DirectoryType(DescriptorNames.IsInformation(task) ? S_IFREG : S_IFLNK);
        Span<byte> name = stackalloc byte[16];
        while (file.Position < DirectoryWriter.FirstPosition + FileTable.Capacity)
        {
            var descriptor = files.Next((int)(file.Position - DirectoryWriter.FirstPosition));
            if (descriptor < 0)
                break;
            var text = new TextWriter(name);
            text.Append($"{descriptor}");
            var number = task.At(DescriptorNames.FirstSlot(task) | descriptor).InodeNumber;
            if (!to.Add(text.Written, number, type, DirectoryWriter.FirstPosition + descriptor + 1))
                break;
        }

        files.Drop();
        return Errno.None;
    }

    public override Result<long> Seek(OpenFile file, long offset, int whence) => NodeDirectory.SeekDirectory(file, offset, whence);
}

/// <summary>/proc/PID/fdinfo/N.</summary>
internal sealed class DescriptorInformation : GeneratedFile
{
    public static readonly DescriptorInformation Instance = new();

    protected override Errno Generate(Inode inode, PagedText text)
    {
        var task = TaskHandle.Of(inode);
        var descriptor = DescriptorFileNames.DescriptorOf(task);
        if (task.TakeFiles() is not { } files)
            return Errno.ENOENT;
        var closeOnExec = files.GetCloseOnExec(descriptor);
        var file = files.Get(descriptor);
        files.Drop();
        if (file is null)
            return Errno.ENOENT;
        var flags = file.Flags | (closeOnExec.IsOk && closeOnExec.Value != 0 ? O_CLOEXEC : 0);
        text.Append($"pos:\t{file.Position}\nflags:\t0{flags:o}\nmnt_id:\t{file.Location.Mount.Id}\nino:\t{file.Inode.Number}\n");
        if (!file.IsPathOnly)
            file.Operations.ShowInformation(file, text);
        file.Drop();
        return Errno.None;
    }
}
