// The open files that one message carries: SCM_RIGHTS. Each is counted; whoever has the object owns the counts.
// Context: process; Drop may sleep, since the last user of a file closes it.
// A file dropped here may be a socket whose messages carry files in turn, and so on, as deep as anyone cares to nest: so sets that are dropped
// while their task drops another are put on the task's list, and the outermost call takes them from there. The kernel stack stays flat.
// Linux: struct scm_fp_list, __scm_destroy().
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Net;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Net
{
    internal sealed class UnixRights
    {
        private readonly OpenFile?[] _files = new OpenFile?[SocketConstants.SCM_MAX_FD];
        private Links<UnixRights> _links;

        private UnixRights()
        {
        }

        public static Pool<UnixRights, Pooled> Pool { get; private set; } = null!;

        /// <summary>How many files.</summary>
        public int Count { get; private set; }

        /// <summary>Who sent them: the limit is by user.</summary>
        public uint UserId { get; private set; }

        public OpenFile this[int index] => _files[index]!;

        public static void Init(int limit) => Pool = new Pool<UnixRights, Pooled>("socket_rights", limit);

        /// <summary>An empty set. Null: out of memory.</summary>
        public static UnixRights? Create()
        {
            if (!Pool.TryTake(out var made))
                return null;
            made.Count = 0;
            made.UserId = Task.Current.Credentials.UserId;
            return made;
        }

        /// <summary>Takes over the caller's use of a file. There is room for <see cref="SocketConstants.SCM_MAX_FD"/>.</summary>
        public void Add(OpenFile file) => _files[Count++] = file;

        /// <summary>The same files once more, counted. Null: out of memory.</summary>
        public UnixRights? Copy()
        {
            if (Create() is not { } copy)
                return null;
            for (var i = 0; i < Count; i++)
            {
                this[i].AddUser();
                copy.Add(this[i]);
            }

            return copy;
        }

        /// <summary>Hands the use of one file over to the caller.</summary>
        public OpenFile TakeAt(int index)
        {
            var file = _files[index]!;
            _files[index] = null;
            return file;
        }

        /// <summary>Counts all files out and gives the object back. May sleep.</summary>
        public void Drop()
        {
            var current = Task.Current;
            current.DroppedRights.AddLast(this);
            if (current.IsDroppingRights)
                return;
            current.IsDroppingRights = true;
            do
            {
                current.MustCollectRights = false;
                while (current.DroppedRights.RemoveFirst() is { } next)
                    next.Close();
                if (current.MustCollectRights)
                    UnixInFlight.Collect(); // puts what it finds on the same list
            }
            while (current.MustCollectRights || !current.DroppedRights.IsEmpty);
            current.IsDroppingRights = false;
        }

        private void Close()
        {
            for (var i = 0; i < Count; i++)
            {
                if (_files[i] is { } file)
                    TakeAt(i).Drop();
            }

            Pool.Give(this);
        }

        internal readonly struct InTask : ILinksOf<UnixRights>
        {
            public static ref Links<UnixRights> Of(UnixRights item) => ref item._links;
        }

        public readonly struct Pooled : IPooled<UnixRights>
        {
            public static ref Links<UnixRights> Of(UnixRights item) => ref item._links;
            public static UnixRights Create() => new();
            public static int Bytes => 2112;
        }
    }
}

namespace Jiffy.Kernel.Tasks
{
    public sealed partial class Task
    {
        /// <summary>Files of messages that this task is letting go of. The task's own.</summary>
        internal LinkedRing<UnixRights, UnixRights.InTask> DroppedRights;

        internal bool IsDroppingRights, MustCollectRights;
    }
}
