using System;
using System.IO;
using System.Linq;
using System.Text;
using Jiffy.Cli;
using Jiffy.Cli.Root;
using Xunit;

namespace Jiffy.Tests.Unit.Cli;

public class CpioTests
{
    [Fact]
    public void What_is_written_is_read_back()
    {
        CpioEntry[] entries =
        [
            new("etc", CpioEntry.Directory | 0x1ed, []),
            new("etc/a", CpioEntry.RegularFile | 0x1a4, "one"u8.ToArray()) { Modified = 1234, UserId = 7, GroupId = 8 },
            new("etc/empty", CpioEntry.RegularFile | 0x1a4, []),
            new("etc/link", CpioEntry.SymbolicLink | 0x1ff, "a"u8.ToArray()),
            new("null", CpioEntry.CharacterDevice | 0x1b6, [], 1, 3),
        ];
        var read = CpioReader.Read(Write(entries), "test");
        Assert.Equal(entries.Length, read.Count);
        foreach (var (wanted, got) in entries.Zip(read))
        {
            Assert.Equal(wanted with { Content = got.Content }, got);
            Assert.Equal(wanted.Content, got.Content);
        }
    }

    [Theory]
    [InlineData(0), InlineData(1), InlineData(2), InlineData(3), InlineData(4), InlineData(5)]
    public void Headers_stand_at_multiples_of_four(int size)
    {
        var archive = Write(new CpioEntry(new string('n', size + 1), CpioEntry.RegularFile, new byte[size]));
        Assert.Equal(0, archive.Length % 4);
        Assert.Equal(0, Encoding.Latin1.GetString(archive).LastIndexOf(CpioWriter.Magic, StringComparison.Ordinal) % 4);
    }

    [Fact]
    public void The_format_is_the_documented_one()
    {
        var archive = Encoding.Latin1.GetString(Write(new CpioEntry("ab", CpioEntry.RegularFile | 0x1a4, "xyz"u8.ToArray())));
        Assert.Equal(
            "070701" + "00000001" + "000081a4" + "00000000" + "00000000" + "00000001" + "00000000" + "00000003"
            + "00000000" + "00000000" + "00000000" + "00000000" + "00000003" + "00000000" + "ab\0\0\0\0" + "xyz\0",
            archive[..120]);
        Assert.Contains("TRAILER!!!\0", archive);
    }

    [Fact]
    public void Names_keep_every_byte()
    {
        byte[] name = [0x66, 0xff, 0xc3, 0x28];
        var entry = new CpioEntry(CpioEntry.NameEncoding.GetString(name), CpioEntry.RegularFile, []);
        Assert.Equal(name, CpioEntry.NameEncoding.GetBytes(CpioReader.Read(Write(entry), "test")[0].Name));
    }

    [Fact]
    public void A_damaged_archive_is_refused()
    {
        var archive = Write(new CpioEntry("file", CpioEntry.RegularFile, new byte[100]));
        Assert.Throws<CliFailure>(() => CpioReader.Read(archive.AsMemory(0, 150), "test"));
        archive[54] = (byte)'z';
        Assert.Throws<CliFailure>(() => CpioReader.Read(archive, "test"));
        Assert.Throws<CliFailure>(() => CpioReader.Read("not an archive"u8.ToArray(), "test"));
    }

    [Fact]
    public void Directories_on_the_way_are_made_and_later_files_win()
    {
        var root = new RootArchive();
        root.AddText("a/b/c", "old");
        root.AddText("a/b/c", "new");
        Assert.Equal(["a", "a/b", "a/b/c"], root.Entries.Select(entry => entry.Name));
        Assert.Equal("new"u8.ToArray(), root.Entries.Last().Content);
    }

    private static byte[] Write(params CpioEntry[] entries)
    {
        var stream = new MemoryStream();
        var writer = new CpioWriter(stream);
        foreach (var entry in entries)
            writer.Write(entry);
        writer.Finish();
        return stream.ToArray();
    }
}
