// /proc/sysvipc: a line for each semaphore set, queue and segment, whoever may use it. Each is described under its lock, and written without.
// Process context. Linux: ipc/util.c, sysvipc_sem_proc_show() and its like. man 5 proc.
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Ipc;

namespace Jiffy.Kernel.Files.Proc;

internal static class IpcTexts
{
    public static void AddTo(GeneratedNode top)
    {
        var directory = top.AddDirectory("sysvipc");
        directory.AddText("sem", static text => WriteSemaphores(text));
        directory.AddText("msg", static text => WriteQueues(text));
        directory.AddText("shm", static text => WriteSegments(text));
    }

    private static void WriteQueues(PagedText text)
    {
        text.Append("       key      msqid perms      cbytes       qnum lspid lrpid   uid   gid  cuid  cgid      stime      rtime      ctime\n"u8);
        for (var at = 0; SysVMessages.Table.TryLockFrom(at, out var found, out var token);)
        {
            var queue = (SysVQueue)found;
            var id = queue.Id;
            var shown = SysVMessages.Describe(queue);
            at = queue.Index + 1;
            queue.Unlock(token);
            WriteStart(text, id, shown.Permission);
            text.Append($"  {shown.Bytes,10} {shown.Messages,10} {shown.LastSender,5} {shown.LastReceiver,5} ");
            WriteOwners(text, shown.Permission);
            text.Append($" {shown.SendTime,10} {shown.ReceiveTime,10} {shown.ChangeTime,10}\n");
        }
    }

    private static void WriteSegments(PagedText text)
    {
        text.Append("       key      shmid perms                  size  cpid  lpid nattch   uid   gid  cuid  cgid      atime      dtime      ctime                   rss                  swap\n"u8);
        for (var at = 0; SharedSegments.Table.TryLockFrom(at, out var found, out var token);)
        {
            var segment = (SharedSegment)found;
            var id = segment.Id;
            var shown = SharedSegments.Describe(segment);
            var resident = segment.Memory.Resident * Machine.Frames.Size;
            at = segment.Index + 1;
            segment.Unlock(token);
            WriteStart(text, id, shown.Permission);
            text.Append($" {shown.Size,21} {shown.Creator,5} {shown.LastUser,5}  {shown.Attached,5} ");
            WriteOwners(text, shown.Permission);
            text.Append($" {shown.AttachTime,10} {shown.DetachTime,10} {shown.ChangeTime,10} {resident,21} {0,21}\n");
        }
    }

    private static void WriteSemaphores(PagedText text)
    {
        text.Append("       key      semid perms      nsems   uid   gid  cuid  cgid      otime      ctime\n"u8);
        for (var at = 0; Semaphores.Table.TryLockFrom(at, out var found, out var token);)
        {
            var set = (SemaphoreSet)found;
            var id = set.Id;
            var shown = Semaphores.Describe(set);
            at = set.Index + 1;
            set.Unlock(token);
            WriteStart(text, id, shown.Permission);
            text.Append($" {shown.Count,10} ");
            WriteOwners(text, shown.Permission);
            text.Append($" {shown.OperationTime,10} {shown.ChangeTime,10}\n");
        }
    }

    private static void WriteStart(PagedText text, int id, in IpcPermissionLayout permission)
    {
        text.Append($"{permission.Key,10} {id,10}  {permission.Mode,4:o}");
    }

    private static void WriteOwners(PagedText text, in IpcPermissionLayout permission) =>
        text.Append($"{permission.UserId,5} {permission.GroupId,5} {permission.CreatorUserId,5} {permission.CreatorGroupId,5}");
}
