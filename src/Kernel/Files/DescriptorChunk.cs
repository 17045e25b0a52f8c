// Sixty-four slots of a process's descriptor table. Guard: the table's lock. Pooled; empty when in the pool.
using System.Numerics;
using Jiffy.Kernel.Structures;

namespace Jiffy.Kernel.Files;

public sealed class DescriptorChunk
{
    public const int Slots = 64;

    private readonly OpenFile?[] _files = new OpenFile?[Slots];
    private Links<DescriptorChunk> _poolLinks;

    private DescriptorChunk()
    {
    }

    public static Pool<DescriptorChunk, Pooled> Pool { get; private set; } = null!;

    /// <summary>Slots in use, and those that exec closes, bit by bit.</summary>
    public ulong Used { get; private set; }

    public ulong CloseOnExec { get; private set; }

    public OpenFile? this[int slot] => _files[slot];

    public static void Init(int limit)
    {
        Pool = new Pool<DescriptorChunk, Pooled>("descriptors", limit);
    }

    public void Set(int slot, OpenFile file, bool closeOnExec)
    {
        _files[slot] = file;
        Used |= 1UL << slot;
        SetCloseOnExec(slot, closeOnExec);
    }

    public void SetCloseOnExec(int slot, bool value) =>
        CloseOnExec = value ? CloseOnExec | 1UL << slot : CloseOnExec & ~(1UL << slot);

    public void MarkCloseOnExec(ulong mask) => CloseOnExec |= Used & mask;

    public OpenFile? Remove(int slot)
    {
        var file = _files[slot];
        _files[slot] = null;
        Used &= ~(1UL << slot);
        CloseOnExec &= ~(1UL << slot);
        return file;
    }

    /// <summary>Empties the lowest used slot among <paramref name="mask"/>; null: there is none.</summary>
    public OpenFile? RemoveFirst(ulong mask) =>
        (Used & mask) == 0 ? null : Remove(BitOperations.TrailingZeroCount(Used & mask));

    /// <summary>Takes over the other's slots, counting each file once more. This one is empty.</summary>
    public void CopyFrom(DescriptorChunk other)
    {
        for (var slot = 0; slot < Slots; slot++)
        {
            _files[slot] = other._files[slot];
            _files[slot]?.AddUser();
        }

        Used = other.Used;
        CloseOnExec = other.CloseOnExec;
    }

    public readonly struct Pooled : IPooled<DescriptorChunk>
    {
        public static ref Links<DescriptorChunk> Of(DescriptorChunk item) => ref item._poolLinks;
        public static DescriptorChunk Create() => new();
        public static int Bytes => 640;
    }
}
