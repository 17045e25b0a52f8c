// Builds a program's first stack: strings at the top, then random bytes, auxiliary vector, envp, argv and argc.
// The layout is the System V ABI's for x86-64, section 3.4.1. Context: process; may sleep (touches user memory).
using System;
using System.Runtime.InteropServices;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Structures;
using Jiffy.Machine;

namespace Jiffy.Kernel.Tasks.Exec;

internal ref struct UserStack
{
    /// <summary>The highest top there is: one page stays free between it and the end of user space.</summary>
    private const ulong HighestTop = UserMemory.Limit - 0x1000;

    /// <summary>Pages below <see cref="HighestTop"/> over which the top is random, as a power of two: Linux's default for x86-64.</summary>
    private const int RandomPageBits = 22;

    /// <summary>Chooses where a new program's stack ends: its first byte is below.</summary>
    public static ulong ChooseTop() => HighestTop - MemoryLayout.RandomOffset(RandomPageBits);

    private const int MaxAuxiliary = 24;

    private ulong _pointer;
    private int _auxiliaryCount;
    private Span<ulong> _auxiliary;
    private bool _failed;

    /// <summary>Writes everything; the stack pointer at the entry point. EFAULT: the stack could not be written.</summary>
    public static Result<ulong> Build(AddressSpace space, ulong top, ExecArguments arguments, ReadOnlySpan<byte> path, in ElfImage image, ulong interpreterBase, ulong vdso)
    {
        Span<ulong> auxiliary = stackalloc ulong[2 * MaxAuxiliary];
        var stack = new UserStack { _pointer = top, _auxiliary = auxiliary };
        stack.PushBytes([0, 0, 0, 0, 0, 0, 0, 0]);
        var pathAt = stack.PushString(path);
        var stringsAt = stack.PushStrings(arguments);
        space.ArgumentsStart = stringsAt;
        space.ArgumentsEnd = stringsAt + (ulong)arguments.EnvironmentStart;
        space.EnvironmentStart = space.ArgumentsEnd;
        space.EnvironmentEnd = stringsAt + (ulong)arguments.Length;
        stack.FillAuxiliary(pathAt, image, interpreterBase, vdso);
        stack.PushVectors(arguments, stringsAt);
        space.StackTop = stack._pointer;
        stack.KeepAuxiliary(space);
        return stack._failed ? Errno.EFAULT : stack._pointer;
    }

    private ulong PushBytes(scoped ReadOnlySpan<byte> bytes)
    {
        _pointer -= (ulong)bytes.Length;
        if (!UserMemory.TryWrite(_pointer, bytes))
            _failed = true;
        return _pointer;
    }

    private ulong PushString(scoped ReadOnlySpan<byte> text)
    {
        PushBytes([0]);
        return PushBytes(text);
    }

    private ulong PushStrings(ExecArguments arguments)
    {
        _pointer -= (ulong)arguments.Length;
        for (var offset = 0; offset < arguments.Length;)
        {
            var part = arguments.Part(offset);
            if (!UserMemory.TryWrite(_pointer + (ulong)offset, part))
                _failed = true;
            offset += part.Length;
        }

        return _pointer;
    }

    private void Add(ulong type, ulong value)
    {
        _auxiliary[2 * _auxiliaryCount] = type;
        _auxiliary[2 * _auxiliaryCount + 1] = value;
        _auxiliaryCount++;
    }

    private void FillAuxiliary(ulong pathAt, in ElfImage image, ulong interpreterBase, ulong vdso)
    {
        Span<ulong> random = stackalloc ulong[2];
        random[0] = Entropy.Next();
        random[1] = Entropy.Next();
        var platformAt = PushString("x86_64"u8);
        var randomAt = PushBytes(MemoryMarshal.AsBytes(random));
        ref var who = ref Task.Current.Credentials;
        if (vdso != 0)
            Add(Auxiliary.AT_SYSINFO_EHDR, vdso);
        Add(Auxiliary.AT_MINSIGSTKSZ, 2048);
        Add(Auxiliary.AT_HWCAP, (uint)BootInfo.ProcessorFeatures);
        Add(Auxiliary.AT_PAGESZ, Frames.Size);
        Add(Auxiliary.AT_CLKTCK, 100);
        Add(Auxiliary.AT_PHDR, image.HeadersAddress);
        Add(Auxiliary.AT_PHENT, ProgramHeader.Bytes);
        Add(Auxiliary.AT_PHNUM, (ulong)image.Header.ProgramHeaderCount);
        Add(Auxiliary.AT_BASE, interpreterBase);
        Add(Auxiliary.AT_FLAGS, 0);
        Add(Auxiliary.AT_ENTRY, image.Entry);
        Add(Auxiliary.AT_UID, who.UserId);
        Add(Auxiliary.AT_EUID, who.EffectiveUserId);
        Add(Auxiliary.AT_GID, who.GroupId);
        Add(Auxiliary.AT_EGID, who.EffectiveGroupId);
        Add(Auxiliary.AT_SECURE, who.UserId != who.EffectiveUserId || who.GroupId != who.EffectiveGroupId || Task.Current.HasGainedRights ? 1UL : 0);
        Add(Auxiliary.AT_RANDOM, randomAt);
        Add(Auxiliary.AT_HWCAP2, 0);
        Add(Auxiliary.AT_EXECFN, pathAt);
        Add(Auxiliary.AT_PLATFORM, platformAt);
        Add(Auxiliary.AT_NULL, 0);
    }

    /// <summary>Writes argc, argv, envp and the auxiliary vector so that the stack pointer ends on a multiple of 16.</summary>
    private void PushVectors(ExecArguments arguments, ulong stringsAt)
    {
        var words = 1 + arguments.ArgumentCount + 1 + arguments.EnvironmentCount + 1 + 2 * _auxiliaryCount;
        _pointer = (_pointer - (ulong)words * 8) & ~15UL;
        var at = _pointer;
        Put(ref at, (ulong)arguments.ArgumentCount);
        var offset = PutPointers(ref at, arguments, 0, arguments.ArgumentCount, stringsAt);
        PutPointers(ref at, arguments, offset, arguments.EnvironmentCount, stringsAt);
        for (var i = 0; i < 2 * _auxiliaryCount; i++)
            Put(ref at, _auxiliary[i]);
    }

    private int PutPointers(ref ulong at, ExecArguments arguments, int offset, int count, ulong stringsAt)
    {
        for (var i = 0; i < count; i++)
        {
            Put(ref at, stringsAt + (ulong)offset);
            offset = arguments.AfterString(offset);
        }

        Put(ref at, 0);
        return offset;
    }

    private void Put(ref ulong at, ulong value)
    {
        if (!UserAccess.TryWrite(at, value))
            _failed = true;
        at += 8;
    }

    private readonly void KeepAuxiliary(AddressSpace space)
    {
        space.AuxiliaryLength = 2 * _auxiliaryCount;
        for (var i = 0; i < 2 * _auxiliaryCount && i < space.AuxiliaryVector.Length; i++)
            space.AuxiliaryVector[i] = _auxiliary[i];
    }
}
