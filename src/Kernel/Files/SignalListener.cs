// An open file with O_ASYNC, on the list of what it is an end of. Pooled. Linux: struct fasync_struct.
using Jiffy.Kernel.Structures;

namespace Jiffy.Kernel.Files;

internal sealed class SignalListener
{
    private Links<SignalListener> _poolLinks, _listLinks;

    private SignalListener()
    {
    }

    public static Pool<SignalListener, Pooled> Pool { get; private set; } = null!;

    /// <summary>Not counted: its last close takes it off the list first.</summary>
    public OpenFile File = null!;

    /// <summary>By which O_ASYNC was asked for: what si_fd tells, whatever became of the descriptor since.</summary>
    public int Descriptor;

    public static void Init(int limit)
    {
        Pool = new Pool<SignalListener, Pooled>("signal_listener", limit);
    }

    internal readonly struct Pooled : IPooled<SignalListener>
    {
        public static ref Links<SignalListener> Of(SignalListener item) => ref item._poolLinks;
        public static SignalListener Create() => new();
        public static int Bytes => 64;
    }

    internal readonly struct InList : ILinksOf<SignalListener>
    {
        public static ref Links<SignalListener> Of(SignalListener item) => ref item._listLinks;
    }
}
