// A cpio archive (newc format) for a test's root file system.
using System;
using System.IO;
using System.Text;

namespace Jiffy.Tests.Sim.Whole;

internal sealed class RamdiskBuilder
{
    private const uint Directory = 0x41ed, Executable = 0x81ed, CharacterDevice = 0x2180;

    private readonly MemoryStream _archive = new();
    private uint _inode = 1;

    public RamdiskBuilder AddDirectory(string path) => Add(path, Directory, ReadOnlySpan<byte>.Empty);

    public RamdiskBuilder AddExecutable(string path, byte[] contents) => Add(path, Executable, contents);

    public RamdiskBuilder AddDevice(string path, uint major, uint minor) =>
        Add(path, CharacterDevice, ReadOnlySpan<byte>.Empty, major, minor);

    public byte[] Build()
    {
        Add("TRAILER!!!", 0, ReadOnlySpan<byte>.Empty);
        return _archive.ToArray();
    }

    private RamdiskBuilder Add(string path, uint mode, ReadOnlySpan<byte> contents, uint major = 0, uint minor = 0)
    {
        ReadOnlySpan<uint> fields =
        [
            _inode++, mode, 0, 0, 1, 0, (uint)contents.Length, 0, 0, major, minor, (uint)path.Length + 1, 0,
        ];
        var header = new StringBuilder("070701");
        foreach (var field in fields)
            header.Append(field.ToString("x8", null));
        _archive.Write(Encoding.ASCII.GetBytes(header + path + "\0"));
        Align();
        _archive.Write(contents);
        Align();
        return this;
    }

    private void Align()
    {
        while (_archive.Length % 4 != 0)
            _archive.WriteByte(0);
    }
}
