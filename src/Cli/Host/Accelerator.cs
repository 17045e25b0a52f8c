// Chooses how QEMU runs guest code. A /dev/kvm may be there and still never run a guest, so `auto` tries it first with a
// guest of a few bytes and a time limit. The answer is kept until the host boots again or QEMU changes.
using System;
using System.Diagnostics;
using System.IO;

namespace Jiffy.Cli.Host;

internal static class Accelerator
{
    private static readonly TimeSpan ProbeLimit = TimeSpan.FromSeconds(5);

    // A boot sector: writes 0x10 to the exit port, then halts. mov dx,0xf4; mov al,0x10; out dx,al; hlt; jmp $-1
    private static ReadOnlySpan<byte> ProbeCode => [0xba, QemuArguments.ExitPort, 0x00, 0xb0, 0x10, 0xee, 0xf4, 0xeb, 0xfd];

    /// <summary>Turns Auto into what works here. A wish for KVM that cannot be had is an error.</summary>
    public static Acceleration Choose(Acceleration wish)
    {
        if (wish == Acceleration.Tcg)
            return Acceleration.Tcg;
        var works = KvmWorks();
        if (!works && wish == Acceleration.Kvm)
            throw new CliFailure("KVM does not work here: /dev/kvm is missing, not accessible, or did not run a trial guest in time");
        return works ? Acceleration.Kvm : Acceleration.Tcg;
    }

    private static bool KvmWorks()
    {
        if (!File.Exists("/dev/kvm"))
            return false;
        var qemu = HostCommand.FindOrFail(Prerequisites.Qemu.Program, Prerequisites.Qemu.Package);
        var answer = Path.Combine(Repository.Cache, "kvm-works");
        var question = $"{HostBoot()} {new FileInfo(qemu).LastWriteTimeUtc.Ticks}";
        if (File.Exists(answer) && File.ReadAllText(answer) is var known && known.StartsWith(question, StringComparison.Ordinal))
            return known.EndsWith("yes", StringComparison.Ordinal);
        var works = Probe(qemu);
        File.WriteAllText(answer, $"{question} {(works ? "yes" : "no")}");
        return works;
    }

    private static bool Probe(string qemu)
    {
        using var scratch = new ScratchDirectory();
        var sector = new byte[512];
        ProbeCode.CopyTo(sector);
        (sector[510], sector[511]) = (0x55, 0xaa);
        var disk = scratch.File("probe");
        File.WriteAllBytes(disk, sector);
        var watch = Stopwatch.StartNew();
        var result = HostCommand.Run(
            qemu,
            [
                "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-vga", "none", "-monitor", "none",
                "-accel", "kvm", "-cpu", "max", "-m", "16M",
                "-drive", $"file={disk.Replace(",", ",,")},format=raw,if=ide,readonly=on,snapshot=on",
                "-device", $"isa-debug-exit,iobase=0x{QemuArguments.ExitPort:x},iosize=0x04",
            ],
            limit: ProbeLimit);
        return result.Status == QemuArguments.StatusOff && watch.Elapsed < ProbeLimit;
    }

    private static string HostBoot() =>
        File.Exists("/proc/sys/kernel/random/boot_id") ? File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim() : "";
}
