// Whom a pipe, a socket, a terminal or an inotify instance tells by a signal that it can be read or written: the open files with O_ASYNC.
// Part of that object. Lock: its own, held while the signals are sent, so that no file on the list is given back meanwhile; TaskTree.Lock
// comes under it. Contexts: any. Linux: fasync_helper(), kill_fasync(). man 2 fcntl, F_SETOWN and F_SETSIG.
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Signals;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Sync;

namespace Jiffy.Kernel.Files;

internal struct SignalListeners
{
    private SpinLock<SignalListenersRank, IrqsOff> _lock;
    private LinkedRing<SignalListener, SignalListener.InList> _list;

    /// <summary>Nobody listens; without the lock a hint, right as soon as fcntl has returned.</summary>
    public readonly bool IsEmpty => _list.IsEmpty;

    /// <summary>Puts a file on the list or takes it off; one that is there already gets the new descriptor. ENOMEM.</summary>
    public Errno Set(OpenFile file, int descriptor, bool on)
    {
        SignalListener? spare = null;
        if (on && !SignalListener.Pool.TryTake(out spare))
            return Errno.ENOMEM;
        using (_lock.Acquire())
        {
            var found = Find(file);
            if (!on)
            {
                spare = found;
                if (found is not null)
                    _list.Remove(found);
            }
            else if (found is null)
            {
                spare!.File = file;
                spare.Descriptor = descriptor;
                _list.AddFirst(spare);
                spare = null;
            }
            else
            {
                found.Descriptor = descriptor;
            }
        }

        if (spare is not null)
            SignalListener.Pool.Give(spare);
        return Errno.None;
    }

    /// <summary>Tells the owners of all files on the list that can make something of it.</summary>
    /// <param name="code">POLL_IN: only files that can be read; POLL_OUT: only such that can be written; POLL_HUP: all.</param>
    public void Signal(int code)
    {
        if (IsEmpty)
            return;
        using (_lock.Acquire())
        {
            for (var listener = _list.First; listener is not null; listener = LinkedRing<SignalListener, SignalListener.InList>.After(listener))
            {
                var file = listener.File;
                if (code == SignalCode.POLL_IN ? file.CanRead : code != SignalCode.POLL_OUT || file.CanWrite)
                    SignalSender.SendReady(file.SignalOwner, listener.Descriptor, code);
            }
        }
    }

    private readonly SignalListener? Find(OpenFile file)
    {
        for (var listener = _list.First; listener is not null; listener = LinkedRing<SignalListener, SignalListener.InList>.After(listener))
        {
            if (listener.File == file)
                return listener;
        }

        return null;
    }
}
