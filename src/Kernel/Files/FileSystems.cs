// Brings this room up: pools, tables, kinds of file systems, devices, the empty root. Linux: vfs_caches_init(), fs_initcall.
using System;
using Jiffy.Kernel.Ipc;
using Jiffy.Kernel.Memory;

namespace Jiffy.Kernel.Files;

public static class FileSystems
{
    /// <summary>Called once at start-up, when memory works and nothing else runs.</summary>
    public static void Init()
    {
        var files = (int)Math.Clamp(FrameAllocator.TotalFrames, 8192, 1 << 20);
        InitPools(files);
        MountTable.Init();
        Mounting.Init();
        DirectoryCache.Init();
        DirectoryTree.Init();
        FileLocks.Init(files / 8);
        FileSystemTypes.Init();
        CharacterDevices.Init();
        FileSystemTypes.Register(RamFileSystem.Instance);
        FileSystemTypes.Register(TemporaryFileSystem.Instance);
        DeviceFileSystem.Init();
        MemoryDevices.Init();
        PipeFileSystem.Init();
        MemoryFiles.Init();
        EventFileSystem.Init();
        RootFileSystem.Init();
    }

    private static void InitPools(int files)
    {
        Inode.Init(files);
        DirectoryEntry.Init(files);
        SignalListener.Init(files);
        OpenFile.Init(Math.Min(files, 65536));
        FileTable.Init(files / 4);
        FileContext.Init(files / 4);
        FileSystem.Init(256);
        Mount.Init(1024);
        Poller.Init(files / 4);
        PagedText.Init(files / 4);
        Pipe.Init(files / 8);
        FileAccount.Init(files / 8);
        FileNotify.Init(files);
        Epoll.Init(files / 8, files);
    }
}
