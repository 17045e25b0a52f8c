// The options that describe the virtual machine, the same for every command that boots one.
using System;
using System.CommandLine;
using System.CommandLine.Parsing;
using System.IO;
using System.Linq;
using Jiffy.Cli.Bench;
using Jiffy.Cli.Host;

namespace Jiffy.Cli.Commands;

/// <param name="choosesCpus">False for commands that decide on the number of CPUs, and on the clock, by themselves.</param>
internal sealed class MachineOptionSet(bool choosesCpus = true)
{
    private readonly Option<int> _cpus = CommandLine.Number(
        "--cpus", $"Number of CPUs, 1 to {MachineOptions.LargestCpus}.", 1, MachineOptions.LargestCpus, MachineOptions.DefaultCpus);

    private readonly Option<string> _memory = new("--memory")
    {
        Description = "Size of the memory, in bytes or with K, M or G; whole mebibytes.",
        HelpName = "SIZE",
        DefaultValueFactory = _ => $"{MachineOptions.DefaultMemory}M",
    };

    private readonly Option<string> _append = new("--append")
    {
        Description = "Words to add to the kernel command line.",
        HelpName = "TEXT",
        DefaultValueFactory = _ => "",
    };

    private readonly Option<bool> _icount = new("--icount")
    {
        Description = "One CPU and a clock that counts instructions: every run is the same, to the time stamps.",
    };

    private readonly Option<string> _accel = new("--accel")
    {
        Description = "What runs the guest's code: kvm, tcg (emulation), or auto (kvm where it works).",
        HelpName = "auto|tcg|kvm",
        DefaultValueFactory = _ => "auto",
    };

    private readonly Option<string?> _kernel = new("--kernel")
    {
        Description = "Boot this kernel instead of Jiffy: a file, or `linux` for Debian's (downloaded), to compare with.",
        HelpName = "FILE|linux",
    };

    private readonly Option<bool> _verbose = new("--verbose", "-v") { Description = "Show the kernel log on the console." };

    public void AddTo(Command command)
    {
        _accel.AcceptOnlyFromAmong("auto", "tcg", "kvm");
        Option[] own = choosesCpus ? [_cpus, _memory, _icount, _verbose] : [];
        foreach (var option in own.Concat([_append, _accel, _kernel]))
            command.Options.Add(option);
        command.Validators.Add(Check);
    }

    public MachineOptions Read(ParseResult result)
    {
        if (!choosesCpus)
            return new MachineOptions
            {
                Append = result.GetValue(_append) ?? "",
                Acceleration = Enum.Parse<Acceleration>(result.GetValue(_accel)!, ignoreCase: true),
                Kernel = KernelFile(result.GetValue(_kernel)),
            };
        var counts = result.GetValue(_icount);
        return new MachineOptions
        {
            Cpus = counts ? 1 : result.GetValue(_cpus),
            Memory = CommandLine.ParseMebibytes(result.GetValue(_memory)!) ?? MachineOptions.DefaultMemory,
            Append = result.GetValue(_append) ?? "",
            CountsInstructions = counts,
            Acceleration = counts ? Acceleration.Tcg : Enum.Parse<Acceleration>(result.GetValue(_accel)!, ignoreCase: true),
            Kernel = KernelFile(result.GetValue(_kernel)),
            ShowsKernelLog = result.GetValue(_verbose),
        };
    }

    private void Check(CommandResult result)
    {
        if (!choosesCpus)
            return;
        if (Given(result, _memory) is { } size && CommandLine.ParseMebibytes(size) is not >= MachineOptions.LeastMemory)
            result.AddError($"--memory takes a size of whole mebibytes, at least {MachineOptions.LeastMemory}M, such as 256M or 2G, not '{size}'");
        if (!result.GetValue(_icount))
            return;
        if (Given(result, _cpus) is { } cpus && cpus != "1")
            result.AddError("--icount counts the instructions of a single CPU: it cannot go with --cpus greater than 1");
        if (Given(result, _accel) == "kvm")
            result.AddError("--icount needs emulation: it cannot go with --accel kvm");
    }

    /// <summary>What stands on the command line after the option, or null. Reading the value of an option that lacks one would throw.</summary>
    private static string? Given(CommandResult result, Option option) =>
        result.GetResult(option) is { Implicit: false, Tokens: [var token, ..] } ? token.Value : null;

    public static string? KernelFile(string? wish) => wish switch
    {
        null => null,
        "linux" => LinuxKernel.Fetch(),
        _ when File.Exists(wish) => Path.GetFullPath(wish),
        _ => throw new CliFailure($"{wish}: no such kernel file", ExitStatus.Usage),
    };
}
