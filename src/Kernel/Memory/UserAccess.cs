// Typed copies between the kernel and the running task's user memory. Process context; may sleep (page faults); no spin lock held.
// Linux: get_user(), put_user(), getname().
using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Structures;
using Jiffy.Machine;

namespace Jiffy.Kernel.Memory;

public static class UserAccess
{
    /// <summary>The longest path, its NUL included.</summary>
    public const int PathMax = 4096;

    /// <summary>True when [<paramref name="address"/>, +<paramref name="length"/>) lies in the user half.</summary>
    public static bool IsUserRange(ulong address, ulong length) =>
        length <= UserMemory.Limit && address <= UserMemory.Limit - length;

    /// <summary>Copies a value in. False: bad address (EFAULT).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryRead<T>(ulong from, out T value) where T : unmanaged
    {
        value = default;
        return UserMemory.TryRead(from, MemoryMarshal.AsBytes(new Span<T>(ref value)));
    }

    /// <summary>Copies a value out. False: bad address (EFAULT).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryWrite<T>(ulong to, in T value) where T : unmanaged =>
        UserMemory.TryWrite(to, MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value)));

    /// <summary>Copies an array in. False: bad address.</summary>
    public static bool TryReadArray<T>(ulong from, Span<T> to) where T : unmanaged =>
        UserMemory.TryRead(from, MemoryMarshal.AsBytes(to));

    /// <summary>Copies an array out. False: bad address.</summary>
    public static bool TryWriteArray<T>(ulong to, ReadOnlySpan<T> from) where T : unmanaged =>
        UserMemory.TryWrite(to, MemoryMarshal.AsBytes(from));

    /// <summary>Copies a path name in, without its NUL; returns its length.</summary>
    /// <returns>EFAULT; ENAMETOOLONG when no NUL lies within <paramref name="to"/>; ENOENT when it is empty.</returns>
    public static Result<int> ReadPath(ulong from, Span<byte> to)
    {
        var length = UserMemory.ReadString(from, to);
        if (length < 0)
            return Errno.EFAULT;
        if (length >= to.Length)
            return Errno.ENAMETOOLONG;
        return length == 0 ? Errno.ENOENT : length;
    }

    /// <summary>Copies a string in, without its NUL; returns its length, which may be zero.</summary>
    /// <returns>EFAULT; <paramref name="tooLong"/> when no NUL lies within <paramref name="to"/>.</returns>
    public static Result<int> ReadString(ulong from, Span<byte> to, Errno tooLong)
    {
        var length = UserMemory.ReadString(from, to);
        if (length < 0)
            return Errno.EFAULT;
        return length >= to.Length ? tooLong : length;
    }
}
