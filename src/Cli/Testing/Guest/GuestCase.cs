// One guest test: what its file's header says about it. tests/Guest/README.md describes the header for authors.
using System.Collections.Generic;
using System.Text.RegularExpressions;

namespace Jiffy.Cli.Testing.Guest;

internal enum CaseKind
{
    /// <summary>A script for the guest's shell.</summary>
    Shell,

    /// <summary>A program in C from user/: its exit status 0 means that it passed.</summary>
    Program,

    /// <summary>Keys for a shell on the terminal, and what must appear.</summary>
    Terminal,
}

internal sealed record GuestCase(string Name, CaseKind Kind, string File)
{
    /// <summary>The part of `jiffy test` it belongs to.</summary>
    public string Part { get; init; } = GuestSuite.PartName;

    /// <summary>A shell case's script; null: it is the file.</summary>
    public byte[]? Script { get; init; }

    public IReadOnlyList<int> Cpus { get; init; } = [1, 2, 4];

    /// <summary>Seconds the guest may take.</summary>
    public int Timeout { get; init; } = 60;

    /// <summary>Mebibytes; cases with different sizes do not share a machine.</summary>
    public int Memory { get; init; } = Host.MachineOptions.DefaultMemory;

    /// <summary>More words for the kernel command line.</summary>
    public string Append { get; init; } = "";

    /// <summary>Both output streams, to the byte; null when only patterns are given.</summary>
    public string? Output { get; init; }

    /// <summary>Each must match somewhere in the output; ^ and $ stand for ends of lines.</summary>
    public IReadOnlyList<Regex> Matches { get; init; } = [];

    public int Status { get; init; }

    /// <summary>Runs only with --long.</summary>
    public bool IsLong { get; init; }

    /// <summary>False when it cannot tell anything on the host, or would harm it.</summary>
    public bool RunsOnHost { get; init; } = true;

    /// <summary>Words after the program's name.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>The program's file in the guest, for programs.</summary>
    public string Binary { get; init; } = "";

    /// <summary>Files of programs from user/ that a script calls.</summary>
    public IReadOnlyList<string> Programs { get; init; } = [];

    /// <summary>Time counts instructions: every run is the same. One CPU.</summary>
    public bool CountsInstructions { get; init; }

    /// <summary>Debian packages that it needs, words with a space between; cases with different ones do not share a machine.</summary>
    public string Packages { get; init; } = "";

    /// <summary>All programs that must be there for it to run.</summary>
    public IEnumerable<string> Binaries => Kind == CaseKind.Program ? [Binary] : Programs;

    /// <summary>What is wrong with the outcome, or null when the case passed.</summary>
    public string? Judge(int status, string output)
    {
        if (status != Status)
            return $"exit status {status}, expected {Status}";
        if (Output is not null && output != Output)
            return $"the output differs from the expected\n{TextDifference.Describe(Output, output)}";
        foreach (var match in Matches)
            if (!match.IsMatch(output))
                return $"nothing in the output matches {match}";
        return null;
    }
}

/// <summary>A case on a machine with a number of CPUs.</summary>
internal sealed record CaseRun(GuestCase Case, int Cpus)
{
    public string FullName => $"{Case.Part}/{Case.Name}@{Cpus}";
}
