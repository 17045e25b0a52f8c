// The signal that says that a file can be read or written: SIGIO, which tells no more, or the one chosen with F_SETSIG, which tells the
// descriptor and what has happened. Contexts: any. Lock: TaskTree.Lock, taken here. Linux: send_sigio().
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Signals;

using static FileConstants;

public static partial class SignalSender
{
    /// <summary>Tells the owner of a file.</summary>
    /// <param name="owner">A snapshot.</param>
    /// <param name="descriptor">By which O_ASYNC was set.</param>
    /// <param name="code">POLL_IN, POLL_OUT, POLL_HUP: what has happened.</param>
    internal static void SendReady(in FileSignalOwner owner, int descriptor, int code)
    {
        if (owner.Id == 0)
            return;
        using (TaskTree.Lock.Acquire())
        {
            if (owner.FindTask() is { } task)
            {
                SendReadyTo(task, owner, descriptor, code);
                return;
            }

            if (owner.Kind != FileOwnerKind.Group || TaskTree.FindGroup(owner.Id) is not { } group)
                return;
            for (var member = group.FirstMember; member is not null; member = ProcessGroup.After(member))
                SendReadyTo(member.Leader, owner, descriptor, code);
        }
    }

    // A signal that cannot be queued is not lost: SIGIO needs no place in the queue, and says to look at all files.
    private static void SendReadyTo(Task task, in FileSignalOwner owner, int descriptor, int code)
    {
        if (task.Group.IsReaped || !owner.MaySignal(task))
            return;
        var toProcess = owner.Kind != FileOwnerKind.Thread;
        if (owner.Signal != 0 && SendLocked(task, InfoOfFile(owner.Signal, descriptor, code), toProcess) == Errno.None)
            return;
        SendLocked(task, SignalInfo.FromKernel(SignalNumber.SIGIO), toProcess);
    }

    // Where si_band and si_fd stand, other signals have the sender and a value.
    private static SignalInfo InfoOfFile(int signal, int descriptor, int code) => new()
    {
        Signal = signal,
        Code = HasCodesOfItsOwn(signal) ? SignalCode.SI_SIGIO : code,
        ProcessId = (int)BandOf(code),
        Value = (uint)descriptor,
    };

    private static bool HasCodesOfItsOwn(int signal) =>
        SignalSet.Synchronous.Contains(signal) || signal == SignalNumber.SIGCHLD;

    private static uint BandOf(int code) => code switch
    {
        SignalCode.POLL_IN => POLLIN | POLLRDNORM,
        SignalCode.POLL_OUT => POLLOUT | POLLWRNORM | POLLWRBAND,
        _ => POLLHUP | POLLERR,
    };
}
