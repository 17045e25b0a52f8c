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
