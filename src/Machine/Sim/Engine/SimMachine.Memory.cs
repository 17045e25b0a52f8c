// Physical memory: one byte array, of which only the frames that were touched are cleared for the next run. The ramdisk
// lies at its end.
using System;

namespace Jiffy.Machine.Sim;

public sealed partial class SimMachine
{
    private byte[] _memory = Array.Empty<byte>();
    private ulong[] _touched = Array.Empty<ulong>();
    private byte[] _commandLine = Array.Empty<byte>();

    internal int FrameLimit => _memory.Length >> Frames.Shift;
    internal int RamdiskFrames => (Options.Ramdisk.Length + Frames.Size - 1) >> Frames.Shift;
    internal int RamdiskFirst => FrameLimit - RamdiskFrames;
    internal ReadOnlySpan<byte> CommandLine => _commandLine;
    internal ReadOnlySpan<byte> Ramdisk => _memory.AsSpan(RamdiskFirst << Frames.Shift, Options.Ramdisk.Length);

    internal Span<byte> Bytes(FrameNumber first, int count)
    {
        if (first.IsNone || count <= 0 || first.Value + (long)count > FrameLimit)
            Fail($"memory access to frame {first.Value}, count {count}, which does not exist");
        for (var frame = first.Value; frame < first.Value + count; frame++)
            _touched[frame >> 6] |= 1UL << (int)(frame & 63);
        return _memory.AsSpan((int)first.Value << Frames.Shift, count << Frames.Shift);
    }

    private void ResetMemory()
    {
        var bytes = Options.MemoryBytes & ~(Frames.Size - 1);
        if (_memory.Length != bytes)
        {
            _memory = new byte[bytes];
            _touched = new ulong[(FrameLimit + 63) >> 6];
        }
        ClearTouched();
        _commandLine = System.Text.Encoding.UTF8.GetBytes(Options.CommandLine);
        if (Options.Ramdisk.Length > 0)
            Options.Ramdisk.CopyTo(Bytes(new FrameNumber((uint)RamdiskFirst), RamdiskFrames));
    }

    private void ClearTouched()
    {
        for (var word = 0; word < _touched.Length; word++)
        {
            for (; _touched[word] != 0; _touched[word] &= _touched[word] - 1)
            {
                var frame = (word << 6) + System.Numerics.BitOperations.TrailingZeroCount(_touched[word]);
                _memory.AsSpan(frame << Frames.Shift, Frames.Size).Clear();
            }
        }
    }
}
