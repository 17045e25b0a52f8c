// Where a read puts its bytes or a write finds them: user memory (one piece, or an iovec array), or a span of the kernel's.
// Moves forward as it is used. A bad user address stops it: what was copied before counts, and HasFaulted tells.
// Contexts: process; user copies may sleep, so no spin lock may be held. Linux: struct iov_iter.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Memory;
using Jiffy.Machine;

namespace Jiffy.Kernel.Files;

/// <summary>One element of readv's array, as user memory has it.</summary>
public struct IoVector
{
    public const int Bytes = 16;

    public ulong Address, Length;
}

public ref struct IoBuffer
{
    private readonly Span<byte> _toKernel;
    private readonly ReadOnlySpan<byte> _fromKernel;
    private readonly bool _isKernel;
    private ulong _address;      // of the current piece
    private long _piece;         // bytes left in it
    private ulong _vectors;      // user address of the next IoVector
    private int _vectorsLeft;
    private int _remaining;
    private int _done;
    private bool _faulted;

    /// <summary>One piece of user memory; more than <see cref="FileConstants.MaxTransfer"/> bytes are cut.</summary>
    public IoBuffer(ulong address, ulong length)
    {
        _address = address;
        _remaining = (int)Math.Min(length, FileConstants.MaxTransfer);
        _piece = _remaining;
    }

    /// <summary>Kernel memory that a read fills.</summary>
    public IoBuffer(Span<byte> to)
    {
        _isKernel = true;
        _toKernel = to;
        _remaining = to.Length;
    }

    /// <summary>Kernel memory that a write takes from.</summary>
    public IoBuffer(ReadOnlySpan<byte> from)
    {
        _isKernel = true;
        _fromKernel = from;
        _remaining = from.Length;
    }

    /// <summary>Bytes that can still be copied.</summary>
    public readonly int Remaining => _faulted ? 0 : _remaining;

    /// <summary>Bytes copied so far.</summary>
    public readonly int Done => _done;

    /// <summary>A user address was bad.</summary>
    public readonly bool HasFaulted => _faulted;

    /// <summary>Where the next byte goes to or comes from, when it is user memory (for terminals and tests).</summary>
    public readonly ulong Address => _address;

    /// <summary>
    /// Takes the array at <paramref name="vectors"/>, checking every element. EINVAL: too many, or lengths out of range; EFAULT.
    /// </summary>
    public static Errno FromVectors(ulong vectors, int count, out IoBuffer buffer)
    {
        buffer = default;
        if (count is < 0 or > FileConstants.IOV_MAX)
            return Errno.EINVAL;
        long total = 0;
        for (var i = 0; i < count; i++)
        {
            if (!UserAccess.TryRead(vectors + (ulong)i * IoVector.Bytes, out IoVector vector))
                return Errno.EFAULT;
            if ((long)vector.Length < 0)
                return Errno.EINVAL;
            if (!UserAccess.IsUserRange(vector.Address, vector.Length))
                return Errno.EFAULT;
            total = Math.Min(total + (long)vector.Length, FileConstants.MaxTransfer);
        }

        buffer._vectors = vectors;
        buffer._vectorsLeft = count;
        buffer._remaining = (int)total;
        return Errno.None;
    }

    /// <summary>Lets no more than <paramref name="most"/> bytes be copied from here on.</summary>
    public void Limit(long most) => _remaining = (int)Math.Min(_remaining, Math.Max(most, 0));

    /// <summary>Fills the buffer from <paramref name="source"/>; how many bytes went in.</summary>
    public int CopyFrom(scoped ReadOnlySpan<byte> source)
    {
        if (IsInPiece(source.Length) && UserMemory.TryWrite(_address, source))
            return Advance(source.Length);
        var copied = 0;
        while (copied < source.Length && TryStartPiece(source.Length - copied, out var count))
        {
            var part = source.Slice(copied, count);
            if (_isKernel)
                part.CopyTo(_toKernel.Slice(_done));
            else if (!UserMemory.TryWrite(_address, part) && !WritePage(part, ref count))
                break;
            copied += Advance(count);
        }

        return copied;
    }

    /// <summary>Empties the buffer into <paramref name="target"/>; how many bytes came out.</summary>
    public int CopyTo(scoped Span<byte> target)
    {
        if (IsInPiece(target.Length) && UserMemory.TryRead(_address, target))
            return Advance(target.Length);
        var copied = 0;
        while (copied < target.Length && TryStartPiece(target.Length - copied, out var count))
        {
            var part = target.Slice(copied, count);
            if (_isKernel)
                _fromKernel.Slice(_done, count).CopyTo(part);
            else if (!UserMemory.TryRead(_address, part) && !ReadPage(part, ref count))
                break;
            copied += Advance(count);
        }

        return copied;
    }

    /// <summary>Fills the buffer with up to <paramref name="count"/> zeros; how many went in.</summary>
    public int Clear(int count)
    {
        var cleared = 0;
        while (cleared < count && TryStartPiece(count - cleared, out var part))
        {
            if (_isKernel)
            {
                _toKernel.Slice(_done, part).Clear();
            }
            else if (!UserMemory.TryClear(_address, (ulong)part))
            {
                _faulted = true;
                break;
            }

            cleared += Advance(part);
        }

        return cleared;
    }

    /// <summary>Leaves out up to <paramref name="count"/> bytes; how many.</summary>
    public int Skip(int count)
    {
        var skipped = 0;
        while (skipped < count && TryStartPiece(count - skipped, out var part))
            skipped += Advance(part);
        return skipped;
    }

    /// <summary>Where the next bytes of user memory lie, as far as they lie together in one page; <see cref="Skip"/> goes on. False: nothing is left.</summary>
    public bool TryNextPart(int most, out ulong address, out int count)
    {
        var isThere = TryStartPiece(most, out count);
        address = _address;
        count = Math.Min(count, Frames.Size - (int)(address & (Frames.Size - 1)));
        return isThere;
    }

    // The usual case: so many bytes lie in the current piece of user memory. A failed copy is then tried again, page by page.
    private readonly bool IsInPiece(int count) => count <= _piece && count <= _remaining && !_faulted;

    // The next run of bytes that lies in one piece, at most `most`. False: nothing is left.
    private bool TryStartPiece(int most, out int count)
    {
        count = 0;
        if (Remaining == 0)
            return false;
        count = Math.Min(most, _remaining);
        if (_isKernel)
            return true;
        while (_piece == 0)
        {
            if (!TryNextVector())
            {
                _faulted = true;
                return false;
            }
        }

        count = (int)Math.Min(count, _piece);
        return true;
    }

    // Another thread may have changed the array since it was checked: then the copy fails or ends early, no more.
    private bool TryNextVector()
    {
        if (_vectorsLeft == 0 || !UserAccess.TryRead(_vectors, out IoVector vector) || (long)vector.Length < 0)
            return false;
        _vectors += IoVector.Bytes;
        _vectorsLeft--;
        _address = vector.Address;
        _piece = (long)vector.Length;
        return true;
    }

    private int Advance(int count)
    {
        _address += (ulong)count;
        _piece -= count;
        _remaining -= count;
        _done += count;
        return count;
    }

    // After a failed copy: what lies before the next page boundary may still be good.
    private bool WritePage(scoped ReadOnlySpan<byte> part, ref int count)
    {
        count = Math.Min(count, Frames.Size - (int)(_address & (Frames.Size - 1)));
        if (count < part.Length && UserMemory.TryWrite(_address, part.Slice(0, count)))
            return true;
        _faulted = true;
        return false;
    }

    private bool ReadPage(scoped Span<byte> part, ref int count)
    {
        count = Math.Min(count, Frames.Size - (int)(_address & (Frames.Size - 1)));
        if (count < part.Length && UserMemory.TryRead(_address, part.Slice(0, count)))
            return true;
        _faulted = true;
        return false;
    }
}
