// The strings of argv and envp on their way from the old program to the new: kept in frames while there is no new stack yet.
// Strings lie one behind the other, NUL-terminated: first argv's, then envp's.
// Context: process; may sleep. Locks: none, one exec owns it. Linux: struct linux_binprm.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Structures;
using Jiffy.Machine;

namespace Jiffy.Kernel.Tasks.Exec;

internal sealed class ExecArguments
{
    /// <summary>All strings together: 2 MiB, a quarter of the default stack limit.</summary>
    private const int MaxFrames = 512;

    /// <summary>One string with its NUL: 32 pages, as Linux has it.</summary>
    private const int MaxString = 32 * Frames.Size;

    private readonly FrameNumber[] _frames = new FrameNumber[MaxFrames];
    private Links<ExecArguments> _poolLinks;

    internal static Pool<ExecArguments, Pooled> Pool = null!;

    public int Length { get; private set; }
    public int ArgumentCount { get; private set; }
    public int EnvironmentCount { get; private set; }

    /// <summary>Where envp's strings begin.</summary>
    public int EnvironmentStart { get; private set; }

    public static void Init() => Pool = new Pool<ExecArguments, Pooled>("exec_arguments", 64);

    public void Reset()
    {
        Length = 0;
        ArgumentCount = 0;
        EnvironmentCount = 0;
        EnvironmentStart = 0;
    }

    /// <summary>Gives all frames back.</summary>
    public void Free()
    {
        for (var i = 0; i < MaxFrames; i++)
        {
            if (_frames[i].IsNone)
                continue;
            FrameAllocator.Give(_frames[i]);
            _frames[i] = FrameNumber.None;
        }

        Reset();
    }

    /// <summary>Copies the strings a user vector points to. E2BIG, EFAULT, ENOMEM.</summary>
    public Errno ReadVector(ulong vector, bool environment)
    {
        if (environment)
            EnvironmentStart = Length;
        for (var i = 0; vector != 0; i++)
        {
            if (!UserAccess.TryRead(vector + (ulong)i * 8, out ulong pointer))
                return Errno.EFAULT;
            if (pointer == 0)
                break;
            var error = ReadString(pointer);
            if (error != Errno.None)
                return error;
            if (environment)
                EnvironmentCount++;
            else
                ArgumentCount++;
        }

        if (!environment)
            EnvironmentStart = Length;
        return Errno.None;
    }

    private Errno ReadString(ulong from)
    {
        var start = Length;
        while (true)
        {
            var error = Room(out var room);
            if (error != Errno.None)
                return error;
            var got = UserMemory.ReadString(from, room);
            if (got < 0)
                return Errno.EFAULT;
            if (got < room.Length)
            {
                room[got] = 0;
                Length += got + 1;
                return Length - start > MaxString ? Errno.E2BIG : Errno.None;
            }

            Length += got;
            from += (ulong)got;
            if (Length - start > MaxString)
                return Errno.E2BIG;
        }
    }

    /// <summary>Adds a string from kernel memory to argv.</summary>
    public Errno AddArgument(ReadOnlySpan<byte> text)
    {
        var error = Append(text);
        if (error == Errno.None)
            error = Append([0]);
        if (error != Errno.None)
            return error;
        ArgumentCount++;
        EnvironmentStart = Length;
        return Errno.None;
    }

    /// <summary>Adds a string from kernel memory to envp; argv must be complete.</summary>
    public Errno AddEnvironment(ReadOnlySpan<byte> text)
    {
        var error = Append(text);
        if (error == Errno.None)
            error = Append([0]);
        if (error == Errno.None)
            EnvironmentCount++;
        return error;
    }

    private Errno Append(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length != 0)
        {
            var error = Room(out var room);
            if (error != Errno.None)
                return error;
            var part = Math.Min(room.Length, bytes.Length);
            bytes.Slice(0, part).CopyTo(room);
            Length += part;
            bytes = bytes.Slice(part);
        }

        return Errno.None;
    }

    /// <summary>The rest of the page in which the next byte goes.</summary>
    private Errno Room(out Span<byte> room)
    {
        room = default;
        var index = Length / Frames.Size;
        if (index >= MaxFrames)
            return Errno.E2BIG;
        if (_frames[index].IsNone && !FrameAllocator.TryTake(out _frames[index]))
            return Errno.ENOMEM;
        room = Frames.Bytes(_frames[index]).Slice(Length % Frames.Size);
        return Errno.None;
    }

    /// <summary>Bytes from <paramref name="offset"/> to the end of their page or of the text.</summary>
    public ReadOnlySpan<byte> Part(int offset)
    {
        var inPage = offset % Frames.Size;
        var length = Math.Min(Frames.Size - inPage, Length - offset);
        return Frames.Bytes(_frames[offset / Frames.Size]).Slice(inPage, length);
    }

    /// <summary>Puts another argv[0] (and more) in front: scripts. Copies the rest into <paramref name="to"/>, dropping the first string.</summary>
    public Errno CopyAllButFirst(ExecArguments to)
    {
        var offset = 0;
        if (ArgumentCount > 0)
            offset = AfterString(0);
        for (; offset < EnvironmentStart;)
        {
            var part = Part(offset);
            part = part.Slice(0, Math.Min(part.Length, EnvironmentStart - offset));
            var error = to.Append(part);
            if (error != Errno.None)
                return error;
            offset += part.Length;
        }

        to.ArgumentCount += Math.Max(0, ArgumentCount - 1);
        to.EnvironmentStart = to.Length;
        to.EnvironmentCount = EnvironmentCount;
        while (offset < Length)
        {
            var part = Part(offset);
            var error = to.Append(part);
            if (error != Errno.None)
                return error;
            offset += part.Length;
        }

        return Errno.None;
    }

    /// <summary>Where the string after the one at <paramref name="offset"/> begins.</summary>
    public int AfterString(int offset)
    {
        while (offset < Length)
        {
            var part = Part(offset);
            var end = part.IndexOf((byte)0);
            if (end >= 0)
                return offset + end + 1;
            offset += part.Length;
        }

        return offset;
    }

    internal readonly struct Pooled : IPooled<ExecArguments>
    {
        public static ref Links<ExecArguments> Of(ExecArguments item) => ref item._poolLinks;
        public static ExecArguments Create() => new();
        public static int Bytes => 256 + 4 * MaxFrames;
    }
}
