// An open message queue: reading it shows how full it is and who is to be told, poll waits for messages or room. Messages themselves go by
// calls of their own. Context: process; may sleep. Linux: mqueue_file_operations. man 7 mq_overview.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Structures;

namespace Jiffy.Kernel.Ipc;

public sealed class MessageQueueOperations : FileOperations
{
    /// <summary>What stat shows as a queue's size.</summary>
    internal const int FileBytes = 80;

    public static readonly MessageQueueOperations Instance = new();

    /// <summary>The queue of an open file; null: it is another kind of file.</summary>
    internal static MessageQueue? TryGet(OpenFile file) =>
        file.Operations == Instance ? file.Inode.Private as MessageQueue : null;

    public override uint Poll(OpenFile file, PollTable? table) => QueueOf(file).Poll(table);

    public override Result<int> Read(OpenFile file, ref IoBuffer to, ref long position)
    {
        Span<byte> text = stackalloc byte[FileBytes];
        var length = QueueOf(file).Show(text);
        if (position >= length)
            return 0;
        var copied = to.CopyFrom(text.Slice((int)position, length - (int)position));
        if (copied == 0 && to.HasFaulted)
            return Errno.EFAULT;
        position += copied;
        FileTime.Accessed(file);
        return copied;
    }

    /// <summary>A process that closes a descriptor of it does not want to be told any more.</summary>
    public override void Flush(OpenFile file) => QueueOf(file).Unregister();

    private static MessageQueue QueueOf(OpenFile file) => (MessageQueue)file.Inode.Private!;
}
