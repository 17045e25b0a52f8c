// Who is told by a signal that an open file can be read or written (F_SETOWN, F_SETSIG), and whether anybody is (O_ASYNC).
// Lock: _ownerLock guards the owner. Linux: struct fown_struct; f_setown(), setfl().
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Sync;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Files;

public sealed partial class OpenFile
{
    private SpinLock<FileOwnerRank, IrqsOff> _ownerLock;
    private FileSignalOwner _owner;
    private bool _hasListened; // since it was opened; only ever set

    internal FileSignalOwner SignalOwner
    {
        get
        {
            using (_ownerLock.Acquire())
                return _owner;
        }
    }

    /// <summary>F_GETOWN: the owner's id while there is somebody, as a negative number for a group; else 0.</summary>
    internal int OwnerId => SignalOwner.LivingId;

    /// <summary>F_SETSIG: the signal in place of SIGIO, with siginfo; 0: SIGIO, without.</summary>
    internal int OwnerSignal
    {
        get => SignalOwner.Signal;
        set
        {
            using (_ownerLock.Acquire())
                _owner.Signal = value;
        }
    }

    /// <summary>F_SETOWN: a process, as a negative number a group, or nobody. ESRCH, EINVAL.</summary>
    internal Errno SetOwner(int id)
    {
        if (id == int.MinValue)
            return Errno.EINVAL;
        return id < 0 ? SetOwner(FileOwnerKind.Group, -id) : SetOwner(FileOwnerKind.Process, id);
    }

    /// <summary>Makes a process, a thread or a group the owner, in the name of the caller; id 0: nobody. ESRCH: there is none of that id.</summary>
    /// <param name="replaces">False: only if there is no owner yet.</param>
    internal Errno SetOwner(FileOwnerKind kind, int id, bool replaces = true)
    {
        ref var caller = ref Task.Current.Credentials;
        var next = new FileSignalOwner { Kind = kind, Id = id, UserId = caller.UserId, EffectiveUserId = caller.EffectiveUserId };
        if (id != 0 && !FileSignalOwner.TryIdentify(ref next))
            return Errno.ESRCH;
        using (_ownerLock.Acquire())
        {
            next.Signal = _owner.Signal;
            if (replaces || _owner.Id == 0)
                _owner = next;
        }

        return Errno.None;
    }

    /// <summary>O_ASYNC on or off, for kinds of files that know it; the flag itself is the caller's.</summary>
    /// <returns>ENOTTY: this kind never gives signals; ENOMEM.</returns>
    internal Errno SetListening(int descriptor, bool on)
    {
        Volatile.Write(ref _hasListened, true);
        return Operations.SetListening(this, descriptor, on);
    }

    private void ResetOwner()
    {
        _owner = default;
        _hasListened = false;
    }

    private void EndListening()
    {
        if (_hasListened && !EventFaults.Has(EventFault.ListensWhenClosed))
            Operations.SetListening(this, -1, on: false);
    }
}
