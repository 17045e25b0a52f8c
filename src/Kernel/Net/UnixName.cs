// A socket's name: a path, or, beginning with a zero byte, a name that is in no file system. Here without the zero that may end a path.
// Linux: struct unix_address, unix_mkname_bsd(). unix(7).
using System;
using System.Runtime.CompilerServices;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Structures;

namespace Jiffy.Kernel.Net;

[InlineArray(Capacity)]
internal struct UnixName
{
    /// <summary>sizeof(sun_path).</summary>
    public const int Capacity = 108;

    /// <summary>The family's two bytes before the name.</summary>
    public const int FamilyBytes = sizeof(ushort);

    /// <summary>The longest address that is ever told: a path that fills sun_path, with a zero behind it.</summary>
    public const int AddressCapacity = FamilyBytes + Capacity + 1;

    private byte _first;

    /// <summary>The name in an address as programs pass it; empty: none, a name is to be found (bind). EINVAL.</summary>
    public static Errno Parse(ReadOnlySpan<byte> address, out ReadOnlySpan<byte> name)
    {
        name = default;
        if (address.Length < FamilyBytes || address.Length > FamilyBytes + Capacity || FamilyOf(address) != SocketConstants.AF_UNIX)
            return Errno.EINVAL;
        name = address.Slice(FamilyBytes);
        if (name.Length > 0 && name[0] != 0)
        {
            var end = name.IndexOf((byte)0);
            if (end >= 0)
                name = name.Slice(0, end);
        }

        return Errno.None;
    }

    public static int FamilyOf(ReadOnlySpan<byte> address) => address[0] | address[1] << 8;

    public static bool IsAbstract(ReadOnlySpan<byte> name) => name[0] == 0;

    /// <summary>Writes the address of a name (empty: none) as programs get it; its length. Room: <see cref="AddressCapacity"/>.</summary>
    public static int WriteAddress(ReadOnlySpan<byte> name, Span<byte> to)
    {
        to[0] = SocketConstants.AF_UNIX;
        to[1] = 0;
        name.CopyTo(to.Slice(FamilyBytes));
        var length = FamilyBytes + name.Length;
        if (name.Length > 0 && !IsAbstract(name))
            to[length++] = 0;
        return length;
    }
}
