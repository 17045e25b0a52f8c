using System;
using System.Runtime.InteropServices;
using Jiffy.Machine.Sim;

namespace Jiffy.Machine;

public static partial class UserMemory
{
    public static partial bool TryRead(ulong from, Span<byte> to)
    {
        while (!to.IsEmpty)
        {
            if (!TryReachPage(from, FaultAccess.Read, to.Length, out var bytes))
                return false;
            bytes.CopyTo(to);
            to = to[bytes.Length..];
            from += (ulong)bytes.Length;
        }
        return true;
    }

    public static partial bool TryWrite(ulong to, ReadOnlySpan<byte> from)
    {
        while (!from.IsEmpty)
        {
            if (!TryReachPage(to, FaultAccess.Write, from.Length, out var bytes))
                return false;
            from[..bytes.Length].CopyTo(bytes);
            from = from[bytes.Length..];
            to += (ulong)bytes.Length;
        }
        return true;
    }

    public static partial bool TryClear(ulong to, ulong count)
    {
        while (count > 0)
        {
            if (!TryReachPage(to, FaultAccess.Write, (int)Math.Min(count, Frames.Size), out var bytes))
                return false;
            bytes.Clear();
            to += (ulong)bytes.Length;
            count -= (ulong)bytes.Length;
        }
        return true;
    }

    public static partial int ReadString(ulong from, Span<byte> to)
    {
        var length = 0;
        while (length < to.Length)
        {
            if (!TryReachPage(from, FaultAccess.Read, to.Length - length, out var bytes))
                return -1;
            var end = bytes.IndexOf((byte)0);
            var part = end < 0 ? bytes : bytes[..end];
            part.CopyTo(to[length..]);
            length += part.Length;
            from += (ulong)part.Length;
            if (end >= 0)
                break;
        }
        return length;
    }

    public static partial bool TryReadAtomic(ulong from, out uint value)
    {
        value = 0;
        SimMachine.Point(PointKind.UserCopy);
        if (from >= Limit || (from & 3) != 0
            || !SimMachine.Current.TryTranslate(from, FaultAccess.Read, out var frame, out _))
            return false;
        value = MemoryMarshal.Read<uint>(Frames.Bytes(frame)[(int)(from & 0xfff)..]);
        return true;
    }

    public static partial bool TryCompareExchange(ulong at, uint value, uint expected, out uint previous)
    {
        previous = 0;
        if ((at & 3) != 0 || !TryReachPage(at, FaultAccess.Write, sizeof(uint), out var bytes))
            return false;
        previous = MemoryMarshal.Read<uint>(bytes);
        if (previous == expected)
            MemoryMarshal.Write(bytes, value);
        return true;
    }

    public static partial bool TryCompareExchangeAtomic(ulong at, uint value, uint expected, out uint previous)
    {
        previous = 0;
        SimMachine.Point(PointKind.UserCopy);
        if (at >= Limit || (at & 3) != 0
            || !SimMachine.Current.TryTranslate(at, FaultAccess.Write, out var frame, out _))
            return false;
        var bytes = Frames.Bytes(frame)[(int)(at & 0xfff)..];
        previous = MemoryMarshal.Read<uint>(bytes);
        if (previous == expected)
            MemoryMarshal.Write(bytes, value);
        return true;
    }

    /// <summary>The bytes at a user address up to the end of its page, at most <paramref name="most"/>.</summary>
    private static bool TryReachPage(ulong address, FaultAccess access, int most, out Span<byte> bytes)
    {
        bytes = default;
        SimMachine.Point(PointKind.UserCopy);
        if (!SimMachine.Current.TryReach(address, access, out var frame))
            return false;
        var offset = (int)(address & (Frames.Size - 1));
        bytes = Frames.Bytes(frame).Slice(offset, Math.Min(most, Frames.Size - offset));
        return true;
    }
}
