// Ancillary data of messages, in and out: descriptors (SCM_RIGHTS) and credentials. Read from and written to user memory piece by piece; each piece is
// read once, so that nothing is used that was not checked. Linux: __scm_send(), put_cmsg(), scm_detach_fds(). man 3 cmsg, unix(7).
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Net;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Syscalls;

using static SocketConstants;

internal ref struct SocketControl
{
    /// <summary>The most bytes of ancillary data: net.core.optmem_max.</summary>
    private const ulong MostBytes = 20480;

    private ulong _at;
    private ulong _left;

    public SocketControl(ulong address, ulong length)
    {
        _at = address;
        _left = address == 0 ? 0 : length;
    }

    /// <summary>Bytes written.</summary>
    public ulong Used { get; private set; }

    /// <summary>MSG_CTRUNC when not all fitted.</summary>
    public int Found { get; private set; }

    /// <summary>Takes a sender's ancillary data in; files in <paramref name="call"/> are the caller's also when it fails. EINVAL, EBADF, EPERM, ESRCH, EFAULT, ETOOMANYREFS.</summary>
    public static Errno Read(ulong address, ulong length, ref UnixSend call)
    {
        if (length > MostBytes)
            return Errno.ENOBUFS;
        var at = 0UL;
        while (length >= ControlHeader.Bytes && at <= length - ControlHeader.Bytes)
        {
            if (!UserAccess.TryRead(address + at, out ControlHeader header))
                return Errno.EFAULT;
            if (header.Length < ControlHeader.Bytes || header.Length > length - at)
                return Errno.EINVAL;
            if (header.Level == SOL_SOCKET)
            {
                var error = ReadOne(header, address + at + ControlHeader.Bytes, ref call);
                if (error != Errno.None)
                    return error;
            }

            at += ControlHeader.Align(header.Length);
        }

        return call.Rights is { Count: > 0 } ? UnixInFlight.CheckLimit() : Errno.None;
    }

    private static Errno ReadOne(in ControlHeader header, ulong from, ref UnixSend call)
    {
        switch (header.Type)
        {
            case SCM_RIGHTS:
                return ReadFiles(from, (int)(header.Length - ControlHeader.Bytes) / sizeof(int), ref call);
            case SCM_CREDENTIALS:
                return header.Length == ControlHeader.Bytes + SocketCredentials.Bytes ? ReadCredentials(from, ref call) : Errno.EINVAL;
            default:
                return Errno.EINVAL;
        }
    }

    private static Errno ReadFiles(ulong from, int count, ref UnixSend call)
    {
        if (count <= 0)
            return Errno.None;
        if (count > SCM_MAX_FD - (call.Rights?.Count ?? 0))
            return Errno.EINVAL;
        call.Rights ??= UnixRights.Create();
        if (call.Rights is null)
            return Errno.ENOMEM;
        for (var i = 0; i < count; i++)
        {
            if (!UserAccess.TryRead(from + (ulong)i * sizeof(int), out int descriptor))
                return Errno.EFAULT;
            if (FileTable.GetCurrent(descriptor) is not { } file)
                return Errno.EBADF;
            call.Rights.Add(file);
        }

        return Errno.None;
    }

    // Only the superuser may say that it is another.
    private static Errno ReadCredentials(ulong from, ref UnixSend call)
    {
        if (!UserAccess.TryRead(from, out SocketCredentials said))
            return Errno.EFAULT;
        var current = Task.Current;
        ref var own = ref current.Credentials;
        var isProcess = said.ProcessId == current.Group.Id || own.Has(Capability.CAP_SYS_ADMIN);
        var isUser = said.UserId == own.UserId || said.UserId == own.EffectiveUserId || said.UserId == own.SavedUserId || own.Has(Capability.CAP_SETUID);
        var isGroup = said.GroupId == own.GroupId || said.GroupId == own.EffectiveGroupId || said.GroupId == own.SavedGroupId || own.Has(Capability.CAP_SETGID);
        if (!isProcess || !isUser || !isGroup)
            return Errno.EPERM;
        if (said.UserId == uint.MaxValue || said.GroupId == uint.MaxValue)
            return Errno.EINVAL;
        if (said.ProcessId != current.Group.Id && !Exists(said.ProcessId))
            return Errno.ESRCH;
        call.HasCredentials = true;
        call.Credentials = said;
        return Errno.None;
    }

    private static bool Exists(int process)
    {
        using (TaskTree.Lock.Acquire())
            return TaskTree.Find(process) is not null;
    }

    /// <summary>Gives a receiver what came with its message. Files that find no room, or no descriptor, are closed.</summary>
    public void Write(ref UnixReceive call, bool wantsCredentials)
    {
        if (wantsCredentials)
            WriteCredentials(ref call);
        if (call.Rights is not { } rights)
            return;
        call.Rights = null;
        var closeOnExec = (call.Flags & MSG_CMSG_CLOEXEC) != 0;
        var room = _left <= ControlHeader.Bytes ? 0 : (int)Math.Min((_left - ControlHeader.Bytes) / sizeof(int), SCM_MAX_FD);
        var given = 0;
        while (given < Math.Min(room, rights.Count) && TryInstall(rights, given, closeOnExec))
            given++;
        if (given > 0)
            Finish(SCM_RIGHTS, given * sizeof(int));
        if (given < rights.Count)
            Found |= MSG_CTRUNC;
        rights.Drop();
    }

    private readonly bool TryInstall(UnixRights rights, int index, bool closeOnExec)
    {
        var file = rights[index];
        file.AddUser();
        var installed = Task.Current.Files!.Install(file, closeOnExec);
        if (!installed.TryGet(out var descriptor))
        {
            file.Drop();
            return false;
        }

        if (UserAccess.TryWrite(_at + ControlHeader.Bytes + (ulong)index * sizeof(int), descriptor))
            return true;
        Task.Current.Files!.Close(descriptor);
        return false;
    }

    private void WriteCredentials(ref UnixReceive call)
    {
        if (_left < ControlHeader.Bytes)
        {
            Found |= MSG_CTRUNC;
            return;
        }

        Span<SocketCredentials> one = stackalloc SocketCredentials[1];
        one[0] = call.Credentials;
        var bytes = System.Runtime.InteropServices.MemoryMarshal.AsBytes(one);
        var count = (int)Math.Min(_left - ControlHeader.Bytes, SocketCredentials.Bytes);
        if (count < SocketCredentials.Bytes)
            Found |= MSG_CTRUNC;
        if (UserAccess.TryWriteArray<byte>(_at + ControlHeader.Bytes, bytes.Slice(0, count)))
            Finish(SCM_CREDENTIALS, count);
    }

    // The header goes before data that are written already.
    private void Finish(int type, int bytes)
    {
        var header = new ControlHeader { Length = ControlHeader.Bytes + (ulong)bytes, Level = SOL_SOCKET, Type = type };
        if (!UserAccess.TryWrite(_at, header))
            return;
        var used = Math.Min(ControlHeader.Align(header.Length), _left);
        _at += used;
        _left -= used;
        Used += used;
    }
}
