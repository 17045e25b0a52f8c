// Structures of sockets' calls as user memory has them. man 2 sendmsg, recvmmsg, cmsg(3), unix(7), socket(7).
using System.Runtime.InteropServices;

namespace Jiffy.Kernel.Abi;

/// <summary>struct msghdr.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct MessageHeader
{
    public const int Bytes = 56;

    /// <summary>Where a struct mmsghdr has the length, and how long it is.</summary>
    public const int LengthOffset = 56, VectorBytes = 64;

    public ulong Name;
    public int NameLength;
    public int Padding;
    public ulong Vectors;
    public ulong VectorCount;
    public ulong Control;
    public ulong ControlLength;
    public int Flags;
    public int EndPadding;
}

/// <summary>struct cmsghdr: before each piece of ancillary data, which begins at a multiple of eight bytes.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct ControlHeader
{
    public const int Bytes = 16;

    public ulong Length;
    public int Level, Type;

    public static ulong Align(ulong length) => (length + 7) & ~7UL;
}

/// <summary>struct ucred: who sent a message, or made a connection.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct SocketCredentials
{
    public const int Bytes = 12;

    public int ProcessId;
    public uint UserId, GroupId;
}
