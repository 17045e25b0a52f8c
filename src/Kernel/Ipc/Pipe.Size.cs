// A pipe's size: F_SETPIPE_SZ, F_GETPIPE_SZ. man 2 fcntl. Linux: pipe_set_size().
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Ipc;

public sealed partial class Pipe
{
    private const ulong MaxSize = 1UL << 31;

    private UserAccount _account = null!; // to whom its slots are charged; the pipe's for its life

    /// <summary>F_GETPIPE_SZ.</summary>
    public long Capacity => (long)_ring.Slots << Frames.Shift;

    /// <summary>F_SETPIPE_SZ: rounds up to a power of two of pages.</summary>
    /// <returns>The size. EBUSY: more is in; EPERM: beyond what the user may have; EINVAL; ENOMEM.</returns>
    public Result<int> SetCapacity(ulong bytes)
    {
        if (bytes >= MaxSize)
            return Errno.EINVAL;
        var slots = PipeLimits.SlotsFor(bytes);
        using (_contents.Acquire())
        {
            var before = _ring.Slots;
            if (slots > before && slots << Frames.Shift > PipeLimits.MaxBytes && !Task.Current.Credentials.Has(Capability.CAP_SYS_RESOURCE))
                return Errno.EPERM;
            if (!PipeLimits.TryChange(_account, before, slots))
                return Errno.EPERM;
            var error = _ring.Resize(slots);
            if (error != Errno.None)
            {
                PipeLimits.Close(_account, slots - before);
                return error;
            }
        }

        PassOnWriting();
        return slots << Frames.Shift;
    }
}
