// Reads "newc" cpio archives, plain or compressed with gzip, also several one after the other (as an initrd may be).
using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.IO.Compression;
using System.Linq;
using System.Text;

namespace Jiffy.Cli.Root;

internal static class CpioReader
{
    private const int HeaderSize = 110;

    /// <summary>All entries of the file, in order. Fails on anything that is not such an archive.</summary>
    public static IReadOnlyList<CpioEntry> ReadFile(string path)
    {
        var bytes = File.ReadAllBytes(path);
        if (bytes.AsSpan().StartsWith<byte>([0x1f, 0x8b]))
            bytes = Decompress(bytes, path);
        return Read(bytes, path);
    }

    public static IReadOnlyList<CpioEntry> Read(ReadOnlyMemory<byte> archive, string name)
    {
        // Of a file with several names only one entry carries the content; here every name gets it.
        var entries = new List<(CpioEntry Entry, (uint, uint, uint) File)>();
        var contents = new Dictionary<(uint, uint, uint), byte[]>();
        var at = 0;
        while (SkipZeros(archive.Span, ref at))
        {
            var (entry, links, file) = ReadOne(archive, name, ref at);
            if (entry.Name is "" or CpioWriter.TrailerName)
                continue;
            var isShared = links > 1 && (entry.Mode & CpioEntry.TypeMask) == CpioEntry.RegularFile;
            entries.Add((entry, isShared ? file : default));
            if (isShared && entry.Content.Length > 0)
                contents[file] = entry.Content;
        }
        return entries
            .Select(item => contents.TryGetValue(item.File, out var content) ? item.Entry with { Content = content } : item.Entry)
            .ToArray();
    }

    private static (CpioEntry Entry, uint Links, (uint, uint, uint) File) ReadOne(ReadOnlyMemory<byte> archive, string name, ref int at)
    {
        var start = at;
        var rest = archive.Span[at..];
        if (rest.Length < HeaderSize || !(rest.StartsWith("070701"u8) || rest.StartsWith("070702"u8)))
            throw new CliFailure($"{name} is not a cpio archive in the newc format (byte {at}); only plain and gzip archives are read");
        uint Field(int number) => Hex(archive.Span.Slice(start + 6 + 8 * number, 8), name);
        var nameSize = (int)Field(11);
        var size = (int)Field(6);
        var content = Align(at + HeaderSize + nameSize);
        if (nameSize < 1 || size < 0 || content < 0 || content > archive.Length - size)
            throw new CliFailure($"{name} is cut off or damaged (byte {at})");

        var path = CpioEntry.NameEncoding.GetString(archive.Span.Slice(at + HeaderSize, nameSize - 1));
        at = Align(content + size);
        var entry = new CpioEntry(Clean(path), Field(1), archive.Slice(content, size).ToArray(), Field(9), Field(10))
        {
            UserId = Field(2),
            GroupId = Field(3),
            Modified = Field(5),
        };
        return (entry, Field(4), (Field(7), Field(8), Field(0)));
    }

    private static string Clean(string path)
    {
        while (path.StartsWith("./", StringComparison.Ordinal) || path.StartsWith('/'))
            path = path[(path[0] == '/' ? 1 : 2)..];
        return path is "." ? "" : path.TrimEnd('/');
    }

    private static bool SkipZeros(ReadOnlySpan<byte> archive, ref int at)
    {
        while (at < archive.Length && archive[at] == 0)
            at++;
        return at < archive.Length;
    }

    private static int Align(int offset) => offset + 3 & ~3;

    private static uint Hex(ReadOnlySpan<byte> digits, string name) =>
        uint.TryParse(Encoding.ASCII.GetString(digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value)
            ? value
            : throw new CliFailure($"{name} has a damaged header");

    private static byte[] Decompress(byte[] bytes, string path)
    {
        try
        {
            using var gzip = new GZipStream(new MemoryStream(bytes), CompressionMode.Decompress);
            using var plain = new MemoryStream();
            gzip.CopyTo(plain);
            return plain.ToArray();
        }
        catch (InvalidDataException error)
        {
            throw new CliFailure($"{path}: {error.Message}");
        }
    }
}
