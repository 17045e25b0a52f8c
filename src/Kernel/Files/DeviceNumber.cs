// The number that names a device: major (which driver) and minor (which one of its devices). Linux: dev_t, makedev(3).
using System;

namespace Jiffy.Kernel.Files;

public readonly struct DeviceNumber : IEquatable<DeviceNumber>
{
    public readonly uint Major, Minor;

    public DeviceNumber(uint major, uint minor)
    {
        Major = major;
        Minor = minor;
    }

    /// <summary>As the system calls carry it.</summary>
    public ulong Encoded =>
        Minor & 0xffu | (ulong)(Major & 0xfff) << 8 | (ulong)(Minor & ~0xffu) << 12 | (ulong)(Major & ~0xfffu) << 32;

    public static DeviceNumber Decode(ulong encoded) => new(
        (uint)(encoded >> 8 & 0xfff) | (uint)(encoded >> 32 & ~0xfffUL),
        (uint)(encoded & 0xff) | (uint)(encoded >> 12 & ~0xffUL));

    public bool Equals(DeviceNumber other) => Major == other.Major && Minor == other.Minor;
    public static bool operator ==(DeviceNumber a, DeviceNumber b) => a.Equals(b);
    public static bool operator !=(DeviceNumber a, DeviceNumber b) => !a.Equals(b);
    public override bool Equals(object? other) => other is DeviceNumber number && Equals(number);
    public override int GetHashCode() => (int)(Major << 20 ^ Minor);
}
