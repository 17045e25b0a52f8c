// How long a kernel takes from its first instruction to the first instruction of the first program. Both moments are
// breakpoints in QEMU, so that neither kernel needs to help; the clock is the host's. Both get the same root archive,
// whose first program is a few bytes of our own at an address of our choice.
using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using Jiffy.Cli.Host;
using Jiffy.Cli.Root;

namespace Jiffy.Cli.Bench;

/// <summary>One boot: by the clock, and in processor time of QEMU, which other work on the host disturbs less.</summary>
internal readonly record struct BootTime(TimeSpan Elapsed, TimeSpan Processor);

internal static class BootBench
{
    private const ulong InitAddress = 0x400078;

    /// <summary>Where a bzImage's 32-bit code begins: QEMU puts it there and its loader jumps to it.</summary>
    private const ulong LinuxEntry = 0x100000;

    /// <summary>Measures this many boots of a kernel; null is our own.</summary>
    public static IReadOnlyList<BootTime> Measure(string? kernel, int cpus, int memory, int runs)
    {
        var entry = kernel is null || ElfFile.IsElf(kernel) ? ElfFile.EntryPoint(kernel ?? Repository.KernelImage) : LinuxEntry;
        var options = new MachineOptions { Kernel = kernel, Cpus = cpus, Memory = memory, Acceleration = Acceleration.Tcg };
        using var scratch = new ScratchDirectory();
        var archive = scratch.File("root.cpio");
        var root = GuestRoot.Create(new GuestPlan(Command: null));
        root.AddFile("init", InitProgram(), executable: true);
        root.WriteTo(archive);
        return Enumerable.Range(0, runs).Select(_ => MeasureOnce(options, archive, scratch, entry)).ToArray();
    }

    private static BootTime MeasureOnce(MachineOptions options, string archive, ScratchDirectory scratch, ulong entry)
    {
        var port = FreePort();
        using var guardian = new Guardian();
        using var machine = VirtualMachine.Start(options, new MachineFiles(archive, scratch.File("debug-console"), port), guardian);
        var drain = machine.Output.CopyToAsync(System.IO.Stream.Null);
        using var remote = GdbRemote.Connect(port, TimeSpan.FromSeconds(10));
        remote.SetBreakpoint(entry);
        remote.RunToBreakpoint();
        remote.RemoveBreakpoint(entry);
        remote.SetBreakpoint(InitAddress);
        var before = machine.ProcessorTime;
        var watch = Stopwatch.StartNew();
        remote.RunToBreakpoint();
        var time = new BootTime(watch.Elapsed, machine.ProcessorTime - before);
        if (remote.InstructionPointer() is var stopped && stopped != InitAddress)
            throw new CliFailure($"the machine stopped at {stopped:x} before it came to the first program");
        machine.Kill();
        drain.Wait(TimeSpan.FromSeconds(2));
        return time;
    }

    /// <summary>A static ELF program of one segment: an endless loop, right behind the headers.</summary>
    internal static byte[] InitProgram()
    {
        var file = new byte[0x78 + 2];
        ReadOnlySpan<byte> identity = [0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1];
        identity.CopyTo(file);
        void U16(int at, ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(at), value);
        void U32(int at, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(at), value);
        void U64(int at, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(at), value);
        U16(16, 2);                 // an executable file
        U16(18, 62);                // for x86-64
        U32(20, 1);
        U64(24, InitAddress);
        U64(32, 64);                // program headers
        U16(52, 64);
        U16(54, 56);
        U16(56, 1);
        U32(64, 1);                 // to be loaded
        U32(68, 5);                 // readable and executable
        U64(80, 0x400000);
        U64(88, 0x400000);
        U64(96, (ulong)file.Length);
        U64(104, (ulong)file.Length);
        U64(112, 0x1000);
        file[0x78] = 0xeb;          // jmp to itself
        file[0x79] = 0xfe;
        return file;
    }

    /// <summary>A port of this host that nobody listens on.</summary>
    internal static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
