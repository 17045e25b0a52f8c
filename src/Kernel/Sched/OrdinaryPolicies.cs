// The policies for ordinary tasks that this kernel has, by name. One serves the whole machine from boot on. Context: boot.
using System;

namespace Jiffy.Kernel.Sched;

internal static class OrdinaryPolicies
{
    public const string Usual = "cfs";

    /// <summary>What can be written after `sched=`, for messages.</summary>
    public const string Names = "cfs, o1";

    /// <summary>The policy of that name, with a queue for each CPU; null: there is none. Boot: it allocates.</summary>
    public static OrdinaryPolicy? Make(ReadOnlySpan<byte> name)
    {
        if (name.SequenceEqual("cfs"u8))
            return new FairClass();
        return name.SequenceEqual("o1"u8) ? new OrderOneClass() : null;
    }
}
