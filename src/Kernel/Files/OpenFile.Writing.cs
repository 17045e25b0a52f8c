// A program that runs cannot be written, nor can a file that is being written be run: an inode counts open writers upwards from zero
// and running programs downwards. Guard: the count is atomic; each open file's share belongs to who opens and closes it.
// Linux: get_write_access(), deny_write_access().
using System.Threading;
using Jiffy.Kernel.Abi;

namespace Jiffy.Kernel.Files;

public sealed partial class OpenFile
{
    private enum WritingState
    {
        None,
        Writes,
        Forbids,
    }

    private WritingState _writing;

    /// <summary>Forbids writing the file while this open file lives: it is a running program. False: it is open for writing now (ETXTBSY).</summary>
    public bool TryForbidWriting()
    {
        if (_writing != WritingState.None || !Inode.TryCountWriting(-1))
            return false;
        _writing = WritingState.Forbids;
        return true;
    }

    // False: the file is a running program.
    private bool CountWriter()
    {
        if (!CanWrite || !Inode.IsRegular)
            return true;
        if (!Inode.TryCountWriting(1))
            return false;
        _writing = WritingState.Writes;
        return true;
    }

    private void UncountWriter()
    {
        if (_writing != WritingState.None)
            Inode.EndWriting(_writing == WritingState.Writes ? 1 : -1);
        _writing = WritingState.None;
    }
}

public sealed partial class Inode
{
    private int _writing; // above zero: open files that may write; below: programs that run

    /// <summary>A program runs from it: truncation must fail (ETXTBSY).</summary>
    public bool IsRunning => Volatile.Read(ref _writing) < 0;

    internal bool TryCountWriting(int direction)
    {
        for (var count = Volatile.Read(ref _writing); count * direction >= 0; count = Volatile.Read(ref _writing))
        {
            if (Interlocked.CompareExchange(ref _writing, count + direction, count) == count)
                return true;
        }

        return false;
    }

    internal void EndWriting(int direction) => Interlocked.Add(ref _writing, -direction);

    private void ResetWriting() => _writing = 0;
}
