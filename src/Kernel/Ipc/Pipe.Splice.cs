// Slots that move: from one pipe to another (splice), or shared between two (tee). Bytes are not copied, frames are counted.
// Two pipes' locks are taken in the order in which the pipes were made. No wake-up is lost, as in Pipe: slots come and go first, then
// sleepers are woken; whoever waits here is no exclusive sleeper, so it takes no wake-up from a reader or writer.
// Linux: splice_pipe_to_pipe(), link_pipe(), ipipe_prep(), wait_for_space().
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Signals;
using Jiffy.Kernel.Structures;
using Jiffy.Machine;

namespace Jiffy.Kernel.Ipc;

public sealed partial class Pipe
{
    private static int s_made;

    private readonly int _number = Interlocked.Increment(ref s_made); // the order of locks

    /// <summary>Moves up to <paramref name="count"/> bytes to another pipe, or with <paramref name="keep"/> lets both have them.</summary>
    /// <returns>How many; zero: no writer is left. EAGAIN, EPIPE with SIGPIPE, ERESTARTSYS.</returns>
    public Result<int> PassTo(Pipe to, int count, bool nonBlocking, bool keep)
    {
        while (true)
        {
            var error = WaitForBytes(nonBlocking);
            if (error == Errno.None)
                error = to.WaitForRoom(nonBlocking);
            if (error != Errno.None)
                return error;
            int passed;
            LockBoth(to);
            if (!to.HasReaders)
                passed = -1;
            else
                passed = keep ? ShareLocked(to, count) : MoveLocked(to, count);
            _contents.Release();
            to._contents.Release();
            if (passed < 0)
                continue; // WaitForRoom says EPIPE
            if (passed == 0 && (to._ring.IsFull || HasWriters))
                continue; // somebody was faster
            if (passed > 0)
                to.TellReaders();
            if (passed > 0 && !keep)
                TellWriters();
            return passed;
        }
    }

    /// <summary>Waits until there is something to take, or no writer is left. EAGAIN, ERESTARTSYS.</summary>
    internal Errno WaitForBytes(bool nonBlocking)
    {
        if (!_ring.IsEmpty || !HasWriters)
            return Errno.None;
        return nonBlocking ? Errno.EAGAIN : _readWait.WaitEvent(this, static pipe => !pipe._ring.IsEmpty || !pipe.HasWriters);
    }

    /// <summary>Waits until a slot is free. EPIPE with SIGPIPE, EAGAIN, ERESTARTSYS.</summary>
    internal Errno WaitForRoom(bool nonBlocking)
    {
        while (true)
        {
            if (!HasReaders)
            {
                SignalSender.SendToCurrent(SignalNumber.SIGPIPE);
                return Errno.EPIPE;
            }

            if (!_ring.IsFull)
                return Errno.None;
            var error = nonBlocking
                ? Errno.EAGAIN
                : _writeWait.WaitEvent(this, static pipe => !pipe._ring.IsFull || !pipe.HasReaders);
            if (error != Errno.None)
                return error;
        }
    }

    /// <summary>Waits for room and promises the caller up to <paramref name="most"/> slots. As <see cref="WaitForRoom"/>.</summary>
    internal Result<int> ReserveSlots(int most, bool nonBlocking)
    {
        while (true)
        {
            var error = WaitForRoom(nonBlocking);
            if (error != Errno.None)
                return error;
            if (PipeFaults.Has(PipeFault.PromisesNothing))
                return System.Math.Min(most, _ring.FreeSlots);
            using (_contents.Acquire())
            {
                var slots = _ring.Reserve(most);
                if (slots > 0)
                    return slots;
            }
        }
    }

    /// <summary>Fills a promised slot; its reference to the frame becomes the pipe's.</summary>
    internal void PutReserved(in PipeSlot slot)
    {
        using (_contents.Acquire())
        {
            if (!PipeFaults.Has(PipeFault.PromisesNothing))
                _ring.Unreserve(1);
            _ring.Put(slot);
        }

        TellReaders();
    }

    /// <summary>Gives promised slots up.</summary>
    internal void GiveUpReserved(int slots)
    {
        if (slots == 0 || PipeFaults.Has(PipeFault.PromisesNothing))
            return;
        using (_contents.Acquire())
            _ring.Unreserve(slots);
        PassOnWriting();
    }

    /// <summary>Something is to be read, or may come.</summary>
    internal bool MayGetBytes => !_ring.IsEmpty || HasWriters;

    /// <summary>Writes what is there to a file. How many bytes; or what writing says, when none was taken.</summary>
    internal Result<long> WriteTo(OpenFile to, ref long position, long count)
    {
        long done = 0;
        var error = Errno.None;
        using (_contents.Acquire())
        {
            while (done < count && !_ring.IsEmpty && error == Errno.None)
            {
                var part = _ring.Oldest.Contents((int)System.Math.Min(count - done, Frames.Size));
                var buffer = new IoBuffer((System.ReadOnlySpan<byte>)part);
                var put = position < 0 ? FileIo.Write(to, ref buffer) : FileIo.WriteAt(to, ref buffer, ref position);
                error = put.Error;
                if (error != Errno.None || put.Value == 0)
                    break;
                _ring.Consume(put.Value);
                done += put.Value;
                if (put.Value < part.Length)
                    break;
            }
        }

        if (done > 0)
            TellWriters();
        return done > 0 || error == Errno.None ? done : error;
    }

    private void LockBoth(Pipe other)
    {
        var isFirst = _number < other._number;
        (isFirst ? this : other)._contents.AcquireUnguarded();
        (isFirst ? other : this)._contents.AcquireNested();
    }

    private int MoveLocked(Pipe to, int count)
    {
        var moved = 0;
        while (moved < count && !_ring.IsEmpty && !to._ring.IsFull)
        {
            var left = count - moved;
            var slot = _ring.Oldest;
            if (slot.Length <= left)
            {
                to._ring.Put(_ring.Take());
                moved += slot.Length;
                continue;
            }

            to._ring.Put(PartOf(slot, left));
            _ring.Consume(left);
            moved += left;
        }

        return moved;
    }

    private int ShareLocked(Pipe to, int count)
    {
        var shared = 0;
        for (var index = 0; shared < count && !to._ring.IsFull && _ring.TryGet(index, out var slot); index++)
        {
            var part = PartOf(slot, count - shared);
            to._ring.Put(part);
            shared += part.Length;
        }

        return shared;
    }

    // With a reference of its own. What follows in the frame is the other slot's to fill.
    private static PipeSlot PartOf(in PipeSlot slot, int most)
    {
        if (!PipeFaults.Has(PipeFault.DropsReference))
            FrameTable.Share(slot.Frame);
        return new PipeSlot(slot.Frame, slot.Offset, System.Math.Min(slot.Length, most), slot.Flags & ~PipeSlotFlags.CanMerge);
    }
}
