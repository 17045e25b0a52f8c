// One file of a cpio archive. Names are bytes, as in the kernel: a path in the archive need not be valid text.
using System.Text;

namespace Jiffy.Cli.Root;

/// <param name="Name">Path without a leading slash.</param>
/// <param name="Mode">Linux st_mode: the type bits and the permission bits.</param>
/// <param name="Content">A file's bytes, a symbolic link's target, else empty.</param>
internal sealed record CpioEntry(string Name, uint Mode, byte[] Content, uint DeviceMajor = 0, uint DeviceMinor = 0)
{
    public const uint TypeMask = 0xf000;
    public const uint Fifo = 0x1000;
    public const uint CharacterDevice = 0x2000;
    public const uint Directory = 0x4000;
    public const uint BlockDevice = 0x6000;
    public const uint RegularFile = 0x8000;
    public const uint SymbolicLink = 0xa000;

    public bool IsDirectory => (Mode & TypeMask) == Directory;

    public uint UserId { get; init; }

    public uint GroupId { get; init; }

    /// <summary>Modification time, seconds since 1970.</summary>
    public uint Modified { get; init; }

    /// <summary>Names travel as Latin-1 characters, one for each byte, so that no byte is lost.</summary>
    public static Encoding NameEncoding => Encoding.Latin1;

    /// <summary>A host path, which .NET gives as text, in the archive's form.</summary>
    public static string NameOf(string text) => NameEncoding.GetString(Encoding.UTF8.GetBytes(text));
}
