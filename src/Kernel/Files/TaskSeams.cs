// Stands in until the rooms of tasks and signals bring the real ones; then this file goes.
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Tasks
{
    public struct Credentials
    {
        public uint UserId, EffectiveUserId, SavedUserId, FileUserId;
        public uint GroupId, EffectiveGroupId, SavedGroupId, FileGroupId;

        public readonly bool IsInGroup(uint group) => group == FileGroupId;
    }

    public enum Resource
    {
        FSIZE = 1,
        NOFILE = 7,
    }

    public sealed partial class Task
    {
        public Credentials Credentials;
    }

    public sealed partial class ThreadGroup
    {
        public ulong SoftLimit(Resource resource) => resource == Resource.NOFILE ? 1024 : ulong.MaxValue + (ulong)(Id & 0);
    }
}

namespace Jiffy.Kernel.Signals
{
    public struct SignalInfo
    {
        public static SignalInfo FromKernel(int signal) => default;
    }

    public static class SignalSender
    {
        public static Errno SendToTask(Task task, in SignalInfo info) => Errno.None;
    }
}
