// What exec needs of an open file: its bytes in kernel memory, and whether its set-user-id bits count.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Structures;

namespace Jiffy.Kernel.Files;

public sealed partial class OpenFile
{
    /// <summary>Reads at <paramref name="offset"/> into kernel memory until it is full or the file ends. May sleep.</summary>
    public Result<int> ReadKernel(Span<byte> to, long offset)
    {
        var buffer = new IoBuffer(to);
        while (buffer.Remaining != 0)
        {
            var got = Operations.Read(this, ref buffer, ref offset);
            if (!got.IsOk)
                return got.Error;
            if (got.Value == 0)
                break;
        }

        return buffer.Done;
    }

    /// <summary>The file was reached through a mount with MS_NOSUID.</summary>
    public bool IsOnNoSuidMount => (Location.Mount.Flags & FileConstants.MS_NOSUID) != 0;
}
