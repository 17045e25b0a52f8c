// What a virtual machine is made of, as the user asks for it, and QEMU's arguments for it.
using System.Collections.Generic;

namespace Jiffy.Cli.Host;

internal enum Acceleration { Auto, Tcg, Kvm }

internal sealed record MachineOptions
{
    public const int DefaultCpus = 2;
    public const int LargestCpus = 64;

    /// <summary>Mebibytes.</summary>
    public const int LeastMemory = 16;
    public const int DefaultMemory = 256;

    public int Cpus { get; init; } = DefaultCpus;

    /// <summary>Mebibytes.</summary>
    public int Memory { get; init; } = DefaultMemory;

    /// <summary>The kernel; null stands for our own.</summary>
    public string? Kernel { get; init; }

    /// <summary>QEMU's name of the processor, with features added and taken away.</summary>
    public string Processor { get; init; } = "max";

    /// <summary>More words for the kernel command line.</summary>
    public string Append { get; init; } = "";

    public Acceleration Acceleration { get; init; } = Acceleration.Tcg;

    /// <summary>A clock that counts instructions: a run repeats exactly. With more than one CPU they take turns.</summary>
    public bool CountsInstructions { get; init; }

    public bool ShowsKernelLog { get; init; }
}

/// <summary>The files and ports of one machine about to start.</summary>
/// <param name="GdbPort">Where to offer the debugger's protocol; the machine then waits for it.</param>
internal sealed record MachineFiles(string Initrd, string DebugConsole, int? GdbPort = null);

internal static class QemuArguments
{
    /// <summary>The kernel writes its exit code to this port; QEMU ends with the status (code &lt;&lt; 1) | 1.</summary>
    public const int ExitPort = 0xf4;

    /// <summary>What the kernel writes here byte by byte goes to a file: its exit status and panic reports.</summary>
    public const int DebugConsolePort = 0xe9;

    /// <summary>QEMU's status after a normal power-off (code 0x10), and after a panic (0x40).</summary>
    public const int StatusOff = (0x10 << 1) | 1;
    public const int StatusPanic = (0x40 << 1) | 1;

    /// <summary>The serial console is on QEMU's standard input and output.</summary>
    public static List<string> For(MachineOptions options, MachineFiles files)
    {
        List<string> arguments =
        [
            "-nodefaults", "-no-user-config", "-no-reboot",
            "-display", "none", "-vga", "none", "-monitor", "none",
            "-m", $"{options.Memory}M",
            "-smp", $"{options.Cpus}",
            // QEMU 9 and 10 end with "Bad icount read" when an x2APIC timer is set by an MSR while instructions are counted.
            "-cpu", options.CountsInstructions ? options.Processor + ",-x2apic" : options.Processor,
            "-kernel", options.Kernel ?? Repository.KernelImage,
            "-initrd", files.Initrd,
            "-append", KernelCommandLine(options),
            "-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console",
            "-chardev", $"file,id=debug,path={Escape(files.DebugConsole)}",
            "-device", $"isa-debugcon,iobase=0x{DebugConsolePort:x},chardev=debug",
            "-device", $"isa-debug-exit,iobase=0x{ExitPort:x},iosize=0x04",
        ];
        if (options.CountsInstructions)
            arguments.AddRange(
                ["-seed", "1", "-accel", "tcg,thread=single", "-icount", "shift=0,sleep=off", "-rtc", "base=2026-01-01,clock=vm"]);
        else
            arguments.AddRange(["-accel", options.Acceleration == Acceleration.Kvm ? "kvm" : "tcg,thread=multi"]);
        if (files.GdbPort is { } port)
            arguments.AddRange(["-S", "-gdb", $"tcp:127.0.0.1:{port}"]);
        return arguments;
    }

    public static string KernelCommandLine(MachineOptions options)
    {
        List<string> words = ["console=ttyS0", "panic=-1", options.ShowsKernelLog ? "loglevel=7" : "quiet"];
        if (options.CountsInstructions)
            words.AddRange(["nordrand", "norandmaps"]);
        if (options.Append.Length > 0)
            words.Add(options.Append);
        return string.Join(' ', words);
    }

    /// <summary>A comma ends a QEMU suboption; doubled it stands for itself.</summary>
    private static string Escape(string value) => value.Replace(",", ",,");
}
