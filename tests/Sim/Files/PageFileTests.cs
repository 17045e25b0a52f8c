// Files in frames against a model in plain bytes, with holes, truncation and punched holes; and a file system that gets full.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Xunit;

namespace Jiffy.Tests.Sim.Files;

using static FileConstants;

public sealed class PageFileTests
{
    private const int Largest = 200_000;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_file_is_what_a_byte_array_is(int seed) => FilesKernel.Run(() =>
    {
        var random = new Random(seed);
        var file = Open();
        var model = new byte[Largest * 2];
        var size = 0;
        for (var step = 0; step < 400; step++)
        {
            var at = random.Next(Largest);
            var count = random.Next(random.Next(2) == 0 ? 100 : 20_000);
            switch (random.Next(5))
            {
                case 0 or 1:
                    random.NextBytes(model.AsSpan(at, count));
                    Write(file, at, model.AsSpan(at, count));
                    size = count == 0 ? size : Math.Max(size, at + count);
                    break;
                case 2:
                    Assert.Equal(Errno.None, PageFile.Resize(file.Inode, at));
                    if (at < size)
                        model.AsSpan(at, size - at).Clear();
                    size = at;
                    break;
                case 3:
                    PageFile.Discard(file.Inode, at, at + count);
                    model.AsSpan(at, count).Clear();
                    break;
                default:
                    Compare(file, model, at, Math.Max(0, Math.Min(count, size - at)));
                    break;
            }

            Assert.Equal(size, file.Inode.Size);
        }

        Compare(file, model, 0, size);
        file.Drop();
    });

    [Fact]
    public void Gigabytes_of_hole_take_one_page_and_are_found() => FilesKernel.Run(() =>
    {
        var file = Open();
        const long Far = 3_000_000_000_000;
        Write(file, Far, "x"u8);
        Assert.Equal(1, file.Inode.PageCount);
        Assert.Equal(Far / 4096 * 4096, FileSeek.WithHoles(file, 0, SEEK_DATA).Value);
        Assert.Equal(0, FileSeek.WithHoles(file, 0, SEEK_HOLE).Value);
        Assert.Equal(Far + 1, FileSeek.WithHoles(file, Far, SEEK_HOLE).Value);
        Assert.Equal(Errno.ENXIO, FileSeek.WithHoles(file, Far + 1, SEEK_DATA).Error);
        file.Drop();
    });

    [Fact]
    public void A_full_file_system_says_so_and_takes_more_after_removal() => FilesKernel.Run(() =>
    {
        Assert.True(TemporaryFileSystem.Instance.Mount("size=40k"u8).TryGet(out var fileSystem));
        Assert.True(MemoryInodeOperations.Instance.Create(fileSystem.Root.Inode, S_IFREG | 0x180, default).TryGet(out var inode));
        var bytes = new byte[64 << 10];
        var from = new IoBuffer((ReadOnlySpan<byte>)bytes);
        long position = 0;
        Assert.Equal(40 << 10, PageFile.Write(inode, ref from, ref position).Value);
        Assert.Equal(Errno.ENOSPC, PageFile.Write(inode, ref from, ref position).Error);
        Assert.Equal(Errno.None, PageFile.Resize(inode, 4096));
        Assert.Equal(1, fileSystem.PagesUsed);
        inode.Drop();
        Assert.Equal(0, fileSystem.PagesUsed);
        fileSystem.Drop();
    });

    private static OpenFile Open()
    {
        Assert.True(MemoryFiles.Create("test"u8).TryGet(out var file));
        return file;
    }

    private static void Write(OpenFile file, long at, ReadOnlySpan<byte> bytes)
    {
        var from = new IoBuffer(bytes);
        var position = at;
        Assert.Equal(bytes.Length, PageFile.Write(file.Inode, ref from, ref position).Value);
    }

    private static void Compare(OpenFile file, byte[] model, int at, int count)
    {
        var found = new byte[count];
        Assert.Equal(count, file.ReadKernel(found, at).Value);
        Assert.True(found.AsSpan().SequenceEqual(model.AsSpan(at, count)));
    }
}
