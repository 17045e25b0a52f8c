// Process groups and sessions: what job control acts on. man 2 setpgid, setsid.
// Lock: TaskTree.Lock guards all of it. A group lives while it has members, a session while it has groups.
using Jiffy.Kernel.Structures;

namespace Jiffy.Kernel.Tasks;

public sealed class ProcessGroup
{
    private Links<ProcessGroup> _poolLinks;
    private LinkedRing<ThreadGroup, ThreadGroup.InProcessGroup> _members;

    /// <summary>The group's id: the pid of the process that made it.</summary>
    public int Id { get; private set; }

    public Session Session { get; private set; } = null!;

    public ThreadGroup? FirstMember => _members.First;

    public static ThreadGroup? After(ThreadGroup member) => LinkedRing<ThreadGroup, ThreadGroup.InProcessGroup>.After(member);

    /// <summary>The group with that id, or null.</summary>
    public static ProcessGroup? Find(int id) => TaskTree.FindGroup(id);

    /// <summary>Makes an empty group. False: out of memory.</summary>
    internal static bool TryCreate(int id, Session session, out ProcessGroup group)
    {
        if (!TaskTree.GroupPool.TryTake(out var made))
        {
            group = null!;
            return false;
        }

        group = made;
        group.Id = id;
        group.Session = session;
        group._members = default;
        session.GroupCount++;
        TaskTree.SetGroup(id, group);
        return true;
    }

    internal void Add(ThreadGroup process)
    {
        _members.AddLast(process);
        process.ProcessGroup = this;
    }

    /// <summary>Takes a process out; the last one takes the group with it.</summary>
    internal void Remove(ThreadGroup process)
    {
        _members.Remove(process);
        if (!_members.IsEmpty)
            return;
        TaskTree.SetGroup(Id, null);
        Session.DropGroup();
        TaskTree.GroupPool.Give(this);
    }

    /// <summary>
    /// True when no member, <paramref name="leaving"/> apart, has a parent in another group of the same session: nobody
    /// is left to continue the group's stopped processes. man 3 setpgid, "orphaned process group".
    /// </summary>
    internal bool IsOrphaned(ThreadGroup? leaving)
    {
        for (var member = _members.First; member is not null; member = After(member))
        {
            if (member == leaving || member.IsZombie || member.Parent is not { } parent || parent == TaskTree.Init)
                continue;
            if (parent.ProcessGroup != this && parent.ProcessGroup?.Session == Session)
                return false;
        }

        return true;
    }

    internal readonly struct Pooled : IPooled<ProcessGroup>
    {
        public static ref Links<ProcessGroup> Of(ProcessGroup item) => ref item._poolLinks;
        public static ProcessGroup Create() => new();
        public static int Bytes => 96;
    }
}

public sealed class Session
{
    private Links<Session> _poolLinks;

    /// <summary>The session's id: the pid of its leader.</summary>
    public int Id { get; private set; }

    /// <summary>The leader; null once it has ended.</summary>
    public ThreadGroup? Leader;

    /// <summary>The controlling terminal, if any.</summary>
    public Files.Terminal? Terminal;

    internal int GroupCount;

    internal static bool TryCreate(ThreadGroup? leader, int id, out Session session)
    {
        if (!TaskTree.SessionPool.TryTake(out var made))
        {
            session = null!;
            return false;
        }

        session = made;
        session.Id = id;
        session.Leader = leader;
        session.Terminal = null;
        session.GroupCount = 0;
        TaskTree.SetSession(id, session);
        return true;
    }

    internal void DropGroup()
    {
        if (--GroupCount == 0)
            Discard();
    }

    /// <summary>Gives a session of no groups back.</summary>
    internal void Discard()
    {
        TaskTree.SetSession(Id, null);
        TaskTree.SessionPool.Give(this);
    }

    internal readonly struct Pooled : IPooled<Session>
    {
        public static ref Links<Session> Of(Session item) => ref item._poolLinks;
        public static Session Create() => new();
        public static int Bytes => 64;
    }
}
