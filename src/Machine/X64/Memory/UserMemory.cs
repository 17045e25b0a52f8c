// Bodies of the user copies: the range is checked here, the copying is in Entry/usercopy.asm, and a page fault there goes to
// the kernel and, when that cannot help, on at the routine's fix-up (Entry/Faults).
using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Jiffy.Machine;

public static unsafe partial class UserMemory
{
    public static partial bool TryRead(ulong from, Span<byte> to)
    {
        fixed (byte* target = to)
            return IsUserRange(from, (ulong)to.Length) && Instructions.UserCopy(target, (void*)from, (ulong)to.Length) == 0;
    }

    public static partial bool TryWrite(ulong to, ReadOnlySpan<byte> from)
    {
        fixed (byte* source = from)
            return IsUserRange(to, (ulong)from.Length) && Instructions.UserCopy((void*)to, source, (ulong)from.Length) == 0;
    }

    public static partial bool TryClear(ulong to, ulong count) =>
        IsUserRange(to, count) && Instructions.UserClear((void*)to, count) == 0;

    // A string that runs up to the limit ends there with a bad address, unless the buffer is full before.
    public static partial int ReadString(ulong from, Span<byte> to)
    {
        if (from >= Limit)
            return -1;
        var room = Math.Min((ulong)to.Length, Limit - from);
        long length;
        fixed (byte* target = to)
            length = Instructions.UserReadString(target, (void*)from, room);
        return length == (long)room && room < (ulong)to.Length ? -1 : (int)length;
    }

    public static partial bool TryReadAtomic(ulong from, out uint value)
    {
        uint word = 0;
        var done = IsUserRange(from, sizeof(uint)) && Instructions.UserReadWord(&word, (void*)from) == 0;
        value = word;
        return done;
    }

    public static partial bool TryCompareExchange(ulong at, uint value, uint expected, out uint previous)
    {
        uint found = 0;
        var done = IsUserRange(at, sizeof(uint)) && Instructions.UserCompareExchange((void*)at, value, expected, &found) == 0;
        previous = found;
        return done;
    }

    public static partial bool TryCompareExchangeAtomic(ulong at, uint value, uint expected, out uint previous)
    {
        uint found = 0;
        var done = IsUserRange(at, sizeof(uint)) && Instructions.UserCompareExchangeAtomic((void*)at, value, expected, &found) == 0;
        previous = found;
        return done;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsUserRange(ulong start, ulong bytes) => bytes <= Limit && start <= Limit - bytes;
}

/// <summary>One user copy routine: where it may fault, and where it goes on when the fault cannot be repaired.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct UserFixup
{
    internal ulong Start, End, Target, FailsAtOnce;

    /// <summary>The routine that an instruction belongs to; null when it is none.</summary>
    internal static UserFixup* Find(ulong instruction)
    {
        for (var fixup = Instructions.UserFixups(); fixup->Start != 0; fixup++)
        {
            if (instruction >= fixup->Start && instruction < fixup->End)
                return fixup;
        }
        return null;
    }
}
