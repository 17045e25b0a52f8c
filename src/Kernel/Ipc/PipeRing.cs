// The bytes in a pipe: a ring over frames that are taken when bytes come and given back when they have been read.
// An empty pipe holds at most one frame. Guard: the pipe's lock. Linux: struct pipe_buffer's ring.
using System;
using System.Threading;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Memory;
using Jiffy.Machine;

namespace Jiffy.Kernel.Ipc;

public sealed class PipeRing
{
    public const int DefaultPages = 16;

    /// <summary>A mebibyte: what F_SETPIPE_SZ allows.</summary>
    public const int MaxPages = 256;

    private readonly uint[] _frames = new uint[MaxPages];
    private int _pages = DefaultPages; // a power of two
    private long _head, _tail;         // bytes read and written since the ring was last empty of frames

    /// <summary>Bytes to be read. Without the lock only a hint that was true.</summary>
    public int Count => (int)(Volatile.Read(ref _tail) - Volatile.Read(ref _head));

    /// <summary>Bytes the ring holds at most.</summary>
    public int Capacity => Volatile.Read(ref _pages) << Frames.Shift;

    /// <summary>Bytes that can be written now.</summary>
    public int Room => Capacity - Count;

    /// <summary>An empty ring of the default size.</summary>
    public void Reset()
    {
        _pages = DefaultPages;
        _head = _tail = 0;
    }

    /// <summary>Puts in what <paramref name="from"/> has, as far as it fits; how many bytes. <paramref name="outOfMemory"/>: a frame was missing.</summary>
    public int Write(ref IoBuffer from, out bool outOfMemory)
    {
        var written = 0;
        outOfMemory = false;
        while (from.Remaining > 0 && Room > 0)
        {
            if (!TryFrameAt(_tail, out var frame))
            {
                outOfMemory = true;
                break;
            }

            var offset = (int)_tail & Frames.Size - 1;
            var count = Math.Min(Math.Min(Frames.Size - offset, Room), from.Remaining);
            var copied = from.CopyTo(Frames.Bytes(frame).Slice(offset, count));
            Volatile.Write(ref _tail, _tail + copied);
            written += copied;
            if (copied < count)
                break;
        }

        return written;
    }

    /// <summary>Takes bytes out into <paramref name="to"/>; how many.</summary>
    public int Read(ref IoBuffer to)
    {
        var read = 0;
        while (to.Remaining > 0 && Count > 0)
        {
            var part = Oldest(0, to.Remaining);
            var copied = to.CopyFrom(part);
            Consume(copied);
            read += copied;
            if (copied < part.Length)
                break;
        }

        return read;
    }

    /// <summary>Up to <paramref name="most"/> bytes that lie <paramref name="skip"/> bytes after the oldest, as far as they lie together; they stay in.</summary>
    public ReadOnlySpan<byte> Oldest(int skip, int most)
    {
        var at = _head + skip;
        var offset = (int)at & Frames.Size - 1;
        var count = Math.Min(Math.Min(Frames.Size - offset, Count - skip), most);
        return Frames.Bytes(new FrameNumber(_frames[Slot(at)])).Slice(offset, count);
    }

    /// <summary>Takes the oldest bytes out; they lie in one frame.</summary>
    public void Consume(int count)
    {
        var page = _head >> Frames.Shift;
        Volatile.Write(ref _head, _head + count);
        if (_head >> Frames.Shift == page)
            return;
        // The newest bytes may have come round into the same frame.
        if (_tail <= page + _pages << Frames.Shift)
            GiveFrame((int)page & _pages - 1);
    }

    /// <summary>Changes the capacity to a power of two of pages that holds what is in. False: it does not, or no memory.</summary>
    public bool TryResize(int pages)
    {
        if (Count > pages << Frames.Shift)
            return false;
        if (Count == 0)
        {
            Clear();
            _pages = pages;
            return true;
        }

        return TryMove(pages);
    }

    /// <summary>Throws all away and gives the frames back.</summary>
    public void Clear()
    {
        for (var slot = 0; slot < _pages; slot++)
            GiveFrame(slot);
        _head = _tail = 0;
    }

    // Copies what is in down to the start of the same frames' order: frame by frame into new ones, then lets go of the old.
    private bool TryMove(int pages)
    {
        Span<uint> moved = stackalloc uint[64];
        var needed = (Count + Frames.Size - 1) >> Frames.Shift;
        if (needed > moved.Length)
            return TryWiden(pages);
        for (var i = 0; i < needed; i++)
        {
            if (!FrameAllocator.TryTake(out var frame))
            {
                while (--i >= 0)
                    FrameAllocator.Give(new FrameNumber(moved[i]));
                return false;
            }

            moved[i] = frame.Value;
            CopyOut(i << Frames.Shift, Frames.Bytes(frame));
        }

        var count = Count;
        Clear();
        _pages = pages;
        for (var i = 0; i < needed; i++)
            _frames[i] = moved[i];
        _tail = count;
        return true;
    }

    // A ring too full to be copied may still grow when its frames lie in order from the first slot on.
    private bool TryWiden(int pages)
    {
        if (pages < _pages || _tail >> Frames.Shift >= _pages)
            return false;
        _pages = pages;
        return true;
    }

    private void CopyOut(int skip, Span<byte> to)
    {
        for (var done = 0; done < to.Length && skip + done < Count;)
        {
            var part = Oldest(skip + done, to.Length - done);
            part.CopyTo(to.Slice(done));
            done += part.Length;
        }
    }

    private bool TryFrameAt(long position, out FrameNumber frame)
    {
        ref var slot = ref _frames[Slot(position)];
        frame = new FrameNumber(slot);
        if (slot != 0)
            return true;
        if (!FrameAllocator.TryTakeUser(out frame))
            return false;
        slot = frame.Value;
        return true;
    }

    private void GiveFrame(int slot)
    {
        if (_frames[slot] == 0)
            return;
        FrameAllocator.Give(new FrameNumber(_frames[slot]));
        _frames[slot] = 0;
    }

    private int Slot(long position) => (int)(position >> Frames.Shift) & _pages - 1;
}
