// /dev/null, zero, full, random, urandom. Linux: drivers/char/mem.c, random.c.
using System;
using System.Buffers.Binary;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Structures;
using Jiffy.Machine;

namespace Jiffy.Kernel.Files;

public static class MemoryDevices
{
    public static void Init()
    {
        CharacterDevices.Register(1, 3, NullDevice.Instance);
        CharacterDevices.Register(1, 5, ZeroDevice.Instance);
        CharacterDevices.Register(1, 7, FullDevice.Instance);
        CharacterDevices.Register(1, 8, RandomDevice.Instance);
        CharacterDevices.Register(1, 9, RandomDevice.Instance);
        CharacterDevices.Register(1, 11, LogDevice.Instance);
    }

    /// <summary>Seeking in a device without contents does nothing.</summary>
    internal static Result<long> SeekNowhere(int whence) => whence is >= 0 and <= 2 ? 0 : Errno.EINVAL;
}

/// <summary>Takes everything, gives nothing.</summary>
public sealed class NullDevice : FileOperations
{
    public static readonly NullDevice Instance = new();

    public override bool CanPoll => false;
    public override Result<int> Read(OpenFile file, ref IoBuffer to, ref long position) => 0;
    public override Result<int> Write(OpenFile file, ref IoBuffer from, ref long position) => from.Skip(from.Remaining);
    public override Result<long> Seek(OpenFile file, long offset, int whence) => MemoryDevices.SeekNowhere(whence);
}

/// <summary>Gives zeros for ever.</summary>
public sealed class ZeroDevice : FileOperations
{
    public static readonly ZeroDevice Instance = new();

    public override bool CanPoll => false;
    public override bool CanMap => true;
    public override bool MapsZeros => true;
    public override Result<int> Read(OpenFile file, ref IoBuffer to, ref long position) => Zeros.Fill(ref to);
    public override Result<int> Write(OpenFile file, ref IoBuffer from, ref long position) => from.Skip(from.Remaining);
    public override Result<long> Seek(OpenFile file, long offset, int whence) => MemoryDevices.SeekNowhere(whence);
}

/// <summary>Gives zeros, and is always full.</summary>
public sealed class FullDevice : FileOperations
{
    public static readonly FullDevice Instance = new();

    public override bool CanPoll => false;
    public override Result<int> Read(OpenFile file, ref IoBuffer to, ref long position) => Zeros.Fill(ref to);
    public override Result<int> Write(OpenFile file, ref IoBuffer from, ref long position) => Errno.ENOSPC;
    public override Result<long> Seek(OpenFile file, long offset, int whence) => MemoryDevices.SeekNowhere(whence);
}

/// <summary>Random bytes; what is written only counts as stirring.</summary>
public sealed class RandomDevice : FileOperations
{
    public static readonly RandomDevice Instance = new();

    public override Result<int> Read(OpenFile file, ref IoBuffer to, ref long position) => Fill(ref to);
    public override Result<int> Write(OpenFile file, ref IoBuffer from, ref long position) => from.Skip(from.Remaining);
    public override Result<long> Seek(OpenFile file, long offset, int whence) => MemoryDevices.SeekNowhere(whence);

    /// <summary>Fills a buffer with random bytes: also for getrandom. Stops early for a signal after 256 bytes.</summary>
    public static Result<int> Fill(ref IoBuffer to)
    {
        Span<byte> bytes = stackalloc byte[256];
        var start = to.Done;
        while (to.Remaining > 0)
        {
            for (var at = 0; at < bytes.Length; at += 8)
                BinaryPrimitives.WriteUInt64LittleEndian(bytes.Slice(at), Entropy.Next());
            to.CopyFrom(bytes);
            if (Tasks.Task.Current.HasSignalPending)
                break;
        }

        var done = to.Done - start;
        return done == 0 && to.HasFaulted ? Errno.EFAULT : done;
    }
}

internal static class Zeros
{
    private const int Step = 1 << 16;

    // In steps, so that a signal can end a read of gigabytes.
    public static Result<int> Fill(ref IoBuffer to)
    {
        var start = to.Done;
        while (to.Remaining > 0)
        {
            to.Clear(Step);
            if (Tasks.Task.Current.HasSignalPending)
                break;
        }

        var done = to.Done - start;
        return done == 0 && to.HasFaulted ? Errno.EFAULT : done;
    }
}
