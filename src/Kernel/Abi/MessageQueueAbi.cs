// POSIX message queues: attributes and constants. man 7 mq_overview; man 3 mq_getattr.
namespace Jiffy.Kernel.Abi;

public static class PosixQueues
{
    /// <summary>Priorities are below it.</summary>
    public const uint MQ_PRIO_MAX = 32768;

    /// <summary>What the superuser may ask for.</summary>
    public const int HARD_MSGMAX = 65536, HARD_MSGSIZEMAX = 16 * 1024 * 1024;

    /// <summary>Lowest values of the settings.</summary>
    public const int MIN_MSGMAX = 1, MIN_MSGSIZEMAX = 128;

    /// <summary>Linux's own objects for a message and for a priority, which count against RLIMIT_MSGQUEUE.</summary>
    public const long MessageCost = 48, PriorityCost = 48;
}

/// <summary>struct mq_attr.</summary>
public struct QueueAttributes
{
    public long Flags, MaxMessages, MessageBytes, Messages;
    public long Reserved1, Reserved2, Reserved3, Reserved4;
}
