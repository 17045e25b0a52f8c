// The small program in FUTEX_WAKE_OP's last argument: how to change a word, and how to compare its old value. man 2 futex.
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Structures;
using Jiffy.Machine;

namespace Jiffy.Kernel.Ipc;

internal static class FutexOperation
{
    // Bits 31: the argument is a shift count; 28-30: operation; 24-27: comparison; 12-23: argument; 0-11: what to compare with (signed).
    private const uint ShiftBit = 8;

    /// <summary>Changes the word in one step; returns its old value. EFAULT, ENOSYS (no such operation).</summary>
    public static Result<uint> Apply(ulong address, uint operation)
    {
        var kind = operation >> 28;
        var argument = (uint)SignExtend(operation >> 12 & 0xfff);
        if ((kind & ShiftBit) != 0)
            argument = 1u << (int)(argument & 31);
        if ((kind & 7) > 4 || (operation >> 24 & 15) > 5)
            return Errno.ENOSYS;
        if (!UserAccess.TryRead(address, out uint value))
            return Errno.EFAULT;
        while (true)
        {
            if (!UserMemory.TryCompareExchange(address, Change(kind & 7, value, argument), value, out var previous))
                return Errno.EFAULT;
            if (previous == value)
                return value;
            value = previous;
        }
    }

    /// <summary>True when the old value compares as the operation asks.</summary>
    public static bool Compares(uint oldValue, uint operation)
    {
        var old = (int)oldValue;
        var with = SignExtend(operation & 0xfff);
        return (operation >> 24 & 15) switch
        {
            0 => old == with,
            1 => old != with,
            2 => old < with,
            3 => old <= with,
            4 => old > with,
            _ => old >= with,
        };
    }

    private static uint Change(uint kind, uint value, uint argument) => kind switch
    {
        0 => argument,
        1 => value + argument,
        2 => value | argument,
        3 => value & ~argument,
        _ => value ^ argument,
    };

    private static int SignExtend(uint twelveBits) => (int)(twelveBits << 20) >> 20;
}
