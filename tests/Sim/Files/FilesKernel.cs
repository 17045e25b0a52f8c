// The rooms of files under a kernel of threads only: a test's body runs as one task, and leaves nothing behind.
using System;
using System.Text;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Observe;
using Jiffy.Kernel.Structures;
using Jiffy.Machine.Sim;
using Jiffy.Tests.Sim.Kernel;
using Xunit;

namespace Jiffy.Tests.Sim.Files;

internal static class FilesKernel
{
    /// <summary>A kernel with files on the machine, no task yet.</summary>
    public static SchedulerKernel Start(SimMachine machine)
    {
        KernelLog.Init((int)LogLevel.Warning);
        return new SchedulerKernel(machine) { OnBoot = FileSystems.Init };
    }

    /// <summary>Runs one task to its end; every frame and file object it took must have come back.</summary>
    public static void Run(Action body)
    {
        using var machine = new SimMachine(new SimOptions { MemoryBytes = 24 << 20 });
        var kernel = Start(machine);
        kernel.Spawn("files", () =>
        {
            body(); // once for what stays: pools, the machine's own
            var before = Usage.Now;
            body();
            Assert.Equal(before, Usage.Now);
        });
        kernel.RunAll();
    }

    public static ReadOnlySpan<byte> Bytes(string text) => Encoding.UTF8.GetBytes(text);

    public static string Text(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes);

    /// <summary>What is in use.</summary>
    internal readonly record struct Usage(long Frames, int Inodes, int Entries, int Files, int Pipes, int Mounts, int Locks)
    {
        public static Usage Now => new(
            FrameAllocator.FreeFrames,
            Inode.Pool.Used,
            DirectoryEntry.Pool.Used,
            OpenFile.Pool.Used,
            Jiffy.Kernel.Ipc.Pipe.Pool.Used,
            Mount.Pool.Used,
            FileLock.Pool.Used);
    }
}
