// System calls about the machine as a whole: uname, sysinfo, reboot, syslog, getrandom. man 2 of each.
using System;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Observe;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;
using Jiffy.Machine;

namespace Jiffy.Kernel.Syscalls;

internal static class SystemCalls
{
    public static long Uname(ulong to)
    {
        const int field = SystemName.Capacity;
        Span<byte> bytes = stackalloc byte[6 * field];
        bytes.Clear();
        SystemNames.System.CopyTo(bytes);
        var host = SystemNames.Host;
        ((ReadOnlySpan<byte>)host).CopyTo(bytes.Slice(field));
        SystemNames.Release.CopyTo(bytes.Slice(2 * field));
        SystemNames.Version.CopyTo(bytes.Slice(3 * field));
        SystemNames.Machine.CopyTo(bytes.Slice(4 * field));
        var domain = SystemNames.Domain;
        ((ReadOnlySpan<byte>)domain).CopyTo(bytes.Slice(5 * field));
        return UserMemory.TryWrite(to, bytes) ? 0 : -(long)Errno.EFAULT;
    }

    public static long SetName(ulong from, int length, bool domain)
    {
        if (!Task.Current.Credentials.Has(Capability.CAP_SYS_ADMIN))
            return -(long)Errno.EPERM;
        if (length is < 0 or >= SystemName.Capacity)
            return -(long)Errno.EINVAL;
        Span<byte> name = stackalloc byte[SystemName.Capacity];
        name = name.Slice(0, length);
        if (!UserMemory.TryRead(from, name))
            return -(long)Errno.EFAULT;
        if (domain)
            SystemNames.SetDomain(name);
        else
            SystemNames.SetHost(name);
        return 0;
    }

    /// <summary>sysinfo counts loads in 65536ths.</summary>
    private const long LoadUnit = 65536 / LoadAverage.One;

    /// <summary>struct sysinfo: 112 bytes.</summary>
    public static long SysInfo(ulong to)
    {
        Span<byte> bytes = stackalloc byte[112];
        bytes.Clear();
        BinaryPrimitives.WriteInt64LittleEndian(bytes, TimeKeeper.BootTime / 1_000_000_000);
        LoadAverage.Get(out var one, out var five, out var fifteen);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.Slice(8), one * LoadUnit);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.Slice(16), five * LoadUnit);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.Slice(24), fifteen * LoadUnit);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.Slice(32), (ulong)FrameAllocator.TotalFrames * Frames.Size);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.Slice(40), (ulong)FrameAllocator.FreeFrames * Frames.Size);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.Slice(80), (ushort)TaskTree.ThreadCount);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.Slice(104), 1);
        return UserMemory.TryWrite(to, bytes) ? 0 : -(long)Errno.EFAULT;
    }

    private const uint RebootMagic1 = 0xfee1dead;
    private const uint RestartCommand = 0x01234567, HaltCommand = 0xcdef0123, PowerOffCommand = 0x4321fedc;
    private const uint EnableKeysCommand = 0x89abcdef, DisableKeysCommand = 0;

    public static long Reboot(uint magic1, uint magic2, uint command)
    {
        if (!Task.Current.Credentials.Has(Capability.CAP_SYS_BOOT))
            return -(long)Errno.EPERM;
        if (magic1 != RebootMagic1 || magic2 is not (672274793 or 85072278 or 369367448 or 537993216))
            return -(long)Errno.EINVAL;
        switch (command)
        {
            case RestartCommand:
                Stop("Restarting system");
                Power.Reset();
                return 0;
            case HaltCommand:
            case PowerOffCommand:
                Stop("Power down");
                Power.Off(PowerOffStatus.Value);
                return 0;
            case EnableKeysCommand:
            case DisableKeysCommand:
                return 0;
            default:
                return -(long)Errno.EINVAL;
        }
    }

    private static void Stop(string why)
    {
        KernelLog.Write(LogLevel.Notice, $"reboot: {why}");
        Files.Terminal.DrainConsole();
        Cpu.DisableInterrupts();
        Cpu.StopOthers();
    }

    private const int GRND_NONBLOCK = 1, GRND_RANDOM = 2, GRND_INSECURE = 4;

    public static long GetRandom(ulong to, ulong count, int flags)
    {
        const int known = GRND_NONBLOCK | GRND_RANDOM | GRND_INSECURE;
        if ((flags & ~known) != 0 || (flags & (GRND_RANDOM | GRND_INSECURE)) == (GRND_RANDOM | GRND_INSECURE))
            return -(long)Errno.EINVAL;
        count = Math.Min(count, 0x1ff_ffff);
        Span<ulong> words = stackalloc ulong[32];
        var bytes = MemoryMarshal.AsBytes(words);
        for (ulong done = 0; done < count;)
        {
            for (var i = 0; i < words.Length; i++)
                words[i] = Entropy.Next();
            var part = (int)Math.Min((ulong)bytes.Length, count - done);
            if (!UserMemory.TryWrite(to + done, bytes.Slice(0, part)))
                return done == 0 ? -(long)Errno.EFAULT : (long)done;
            done += (ulong)part;
            if (Task.Current.HasSignalPending && done < count && done >= 256)
                return (long)done;
        }

        return (long)count;
    }
}
