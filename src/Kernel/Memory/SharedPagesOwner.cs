// Who has shared pages beside the areas that map them, and counts these: a System V segment. Told of an area that is made by a copy or a cut
// before anybody can see it, and of one that is gone after it let go of the pages.
// Context: process; may be called under an address space's lock, so must not sleep for long. Linux: shm_vm_ops.
namespace Jiffy.Kernel.Memory;

internal abstract class SharedPagesOwner
{
    /// <summary>What /proc/PID/maps shows: the segment's id, and the key in its name.</summary>
    public abstract int Number { get; }

    public abstract int NameKey { get; }

    public abstract void Attached();

    /// <summary>The owner may be gone when it returns.</summary>
    public abstract void Detached();
}
