// Job control: whose terminal this is, who may read and write, and who is told when it is not so.
// Lock: TaskTree.Lock guards session and foreground group. Linux: tty_jobctrl.c. man 4 tty_ioctl, man 7 credentials.
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Signals;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Files;

public sealed partial class Terminal
{
    private bool IsHungUp(OpenFile file) => file.PrivateNumber >= 0 && file.PrivateNumber != _hangUps;

    /// <summary>
    /// May the current process group use the terminal? If it is in the background it is sent <paramref name="signal"/>.
    /// None: go on. ERESTARTSYS: signalled; try again when continued. EIO: the signal cannot stop it.
    /// </summary>
    private Errno CheckForeground(int signal)
    {
        using (TaskTree.Lock.Acquire())
        {
            var current = Task.Current;
            if (current.Group.Session is not { } session || Session != session || current.Group.ProcessGroup is not { } group)
                return Errno.None;
            if (ForegroundId == 0 || group.Id == ForegroundId)
                return Errno.None;
            var isDeaf = current.BlockedSignals.Contains(signal) || (current.Handlers?[signal].IsIgnore ?? true);
            if (isDeaf)
                return signal == SignalNumber.SIGTTIN ? Errno.EIO : Errno.None;
            if (group.IsOrphaned(null))
                return Errno.EIO;
            SignalSender.SendToGroupLocked(group, signal);
            WorkFlag.Set(current, WorkFlag.SignalPending);
            return Errno.ERESTARTSYS;
        }
    }

    /// <summary>The foreground process group. Its id alone is not enough: another session may use it again. TaskTree.Lock held.</summary>
    private ProcessGroup? Foreground =>
        ProcessGroup.Find(ForegroundId) is { } group && group.Session == Session ? group : null;

    /// <summary>Signals the foreground group. Any context; _lock may be held.</summary>
    private void SignalForeground(int signal)
    {
        using (TaskTree.Lock.Acquire())
        {
            if (Foreground is { } group)
                SignalSender.SendToGroupLocked(group, signal);
        }
    }

    /// <summary>Opening by a session leader that has no terminal makes this its terminal, unless O_NOCTTY.</summary>
    internal void OpenedBy(Task current)
    {
        using (TaskTree.Lock.Acquire())
        {
            if (current.Group.Session is { } session && session.Leader == current.Group && session.Terminal is null && Session is null)
                Adopt(session, current);
        }
    }

    private void Adopt(Session session, Task current)
    {
        Session = session;
        session.Terminal = this;
        ForegroundId = current.Group.ProcessGroup?.Id ?? 0;
    }

    /// <summary>TIOCSCTTY.</summary>
    private Errno BecomeControlling(ulong steal)
    {
        var current = Task.Current;
        using (TaskTree.Lock.Acquire())
        {
            if (current.Group.Session is not { } session || session.Leader != current.Group)
                return Errno.EPERM;
            if (Session == session)
                return Errno.None;
            if (session.Terminal is not null)
                return Errno.EPERM;
            if (Session is { } owner)
            {
                if (steal != 1 || !current.Credentials.Has(Capability.CAP_SYS_ADMIN))
                    return Errno.EPERM;
                owner.Terminal = null;
            }

            Adopt(session, current);
            return Errno.None;
        }
    }

    /// <summary>TIOCNOTTY: the process's session gives the terminal up.</summary>
    private Errno GiveUp()
    {
        using (TaskTree.Lock.Acquire())
        {
            if (Task.Current.Group.Session is not { } session || Session != session)
                return Errno.ENOTTY;
            if (session.Leader != Task.Current.Group)
                return Errno.None;
            if (Foreground is { } group)
            {
                SignalSender.SendToGroupLocked(group, SignalNumber.SIGHUP);
                SignalSender.SendToGroupLocked(group, SignalNumber.SIGCONT);
            }

            Session = null;
            ForegroundId = 0;
            session.Terminal = null;
            return Errno.None;
        }
    }

    private Result<int> GetForeground(ulong to)
    {
        int id;
        using (TaskTree.Lock.Acquire())
        {
            if (Session is null || Session != Task.Current.Group.Session)
                return Errno.ENOTTY;
            id = ForegroundId;
        }

        return UserAccess.TryWrite(to, id) ? 0 : Errno.EFAULT;
    }

    private Result<int> SetForeground(ulong from)
    {
        var error = CheckForeground(SignalNumber.SIGTTOU);
        if (error != Errno.None)
            return error;
        using (TaskTree.Lock.Acquire())
        {
            if (Session is null || Session != Task.Current.Group.Session)
                return Errno.ENOTTY;
        }

        if (!UserAccess.TryRead(from, out int id))
            return Errno.EFAULT;
        if (id < 0)
            return Errno.EINVAL;
        using (TaskTree.Lock.Acquire())
        {
            if (Session is null || Session != Task.Current.Group.Session)
                return Errno.ENOTTY;
            if (ProcessGroup.Find(id) is not { } group)
                return Errno.ESRCH;
            if (group.Session != Session)
                return Errno.EPERM;
            ForegroundId = id;
            return 0;
        }
    }

    private Result<int> GetSession(ulong to)
    {
        int id;
        using (TaskTree.Lock.Acquire())
        {
            if (Session is not { } session || session != Task.Current.Group.Session)
                return Errno.ENOTTY;
            id = session.Id;
        }

        return UserAccess.TryWrite(to, id) ? 0 : Errno.EFAULT;
    }
}
