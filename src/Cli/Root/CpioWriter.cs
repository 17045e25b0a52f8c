// Writes the "newc" cpio format: a header of fourteen hexadecimal fields, the name, the content, each padded to four
// bytes; a last entry named TRAILER!!! ends the archive. Linux: Documentation/driver-api/early-userspace.
using System;
using System.IO;
using System.Text;

namespace Jiffy.Cli.Root;

internal sealed class CpioWriter(Stream output)
{
    public const string Magic = "070701";
    public const string TrailerName = "TRAILER!!!";

    private static readonly byte[] Padding = new byte[4];
    private uint _nextInode = 1;
    private long _written;

    public void Write(CpioEntry entry)
    {
        var name = CpioEntry.NameEncoding.GetBytes(entry.Name);
        if (name.Length == 0 || Array.IndexOf(name, (byte)0) >= 0)
            throw new ArgumentException("a name in an archive is neither empty nor contains NUL", nameof(entry));
        WriteHeader(entry, _nextInode++, links: entry.IsDirectory ? 2u : 1u, name.Length + 1);
        Append(name);
        Append([0]);
        Pad();
        Append(entry.Content);
        Pad();
    }

    /// <summary>Writes the trailer. Nothing may follow.</summary>
    public void Finish()
    {
        var trailer = new CpioEntry(TrailerName, 0, []);
        WriteHeader(trailer, inode: 0, links: 1, TrailerName.Length + 1);
        Append(Encoding.ASCII.GetBytes(TrailerName + "\0"));
        Pad();
        output.Flush();
    }

    private void WriteHeader(CpioEntry entry, uint inode, uint links, int nameSize)
    {
        var header = new StringBuilder(Magic, 110);
        void Field(uint value) => header.Append(value.ToString("x8"));
        Field(inode);
        Field(entry.Mode);
        Field(entry.UserId);
        Field(entry.GroupId);
        Field(links);
        Field(entry.Modified);
        Field((uint)entry.Content.Length);
        Field(0); // major and minor number of the device the file was on
        Field(0);
        Field(entry.DeviceMajor);
        Field(entry.DeviceMinor);
        Field((uint)nameSize);
        Field(0); // checksum, unused in this format
        Append(Encoding.ASCII.GetBytes(header.ToString()));
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        output.Write(bytes);
        _written += bytes.Length;
    }

    private void Pad() => Append(Padding.AsSpan(0, (int)(-_written & 3)));
}
