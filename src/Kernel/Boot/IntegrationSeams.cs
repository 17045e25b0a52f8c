// Stands in until the room of time brings the real ones; then this file goes.
namespace Jiffy.Kernel.Ipc
{
    public static partial class Futex
    {
        public static void Init()
        {
        }

        public static void OnExec(Tasks.Task current) => _ = current;
    }
}

namespace Jiffy.Kernel.Time
{
    public struct TimeSpec
    {
        public long Seconds, Nanoseconds;
        public readonly bool IsValid => Seconds >= 0 && Nanoseconds is >= 0 and < 1_000_000_000;
        public readonly bool IsZero => Seconds == 0 && Nanoseconds == 0;
    }
}
