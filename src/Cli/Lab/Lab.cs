// A claim of one of the documents this kernel follows, as an experiment: what is claimed, how it is measured, and whether the numbers support
// it. What was measured is judged by order, never by absolute times, so that it holds on any machine.
using System.Collections.Generic;

namespace Jiffy.Cli.Lab;

/// <summary>What the user asked for.</summary>
/// <param name="Cpus">Number of CPUs; null: as the experiment wants.</param>
/// <param name="IsQuick">Fewer settings and samples: enough for the order, not for a picture.</param>
/// <param name="Wall">Time by the host's clock in place of counted instructions.</param>
internal sealed record LabRequest(int? Cpus = null, bool IsQuick = false, bool Wall = false);

/// <summary>A table of text.</summary>
internal sealed record LabTable(string Title, IReadOnlyList<string> Headings, IReadOnlyList<IReadOnlyList<string>> Rows);

/// <summary>One part of a claim, and whether the numbers bear it out.</summary>
internal sealed record Finding(string What, bool Holds);

/// <summary>A picture or page that is no plot, under its file's name.</summary>
internal sealed record LabPage(string File, string Text);

internal sealed record LabResult(IReadOnlyList<LabTable> Tables, IReadOnlyList<Plot> Plots, IReadOnlyList<Finding> Findings, IReadOnlyList<LabPage>? Pages = null);

internal abstract class Lab
{
    /// <summary>On the command line.</summary>
    public abstract string Name { get; }

    public abstract string Title { get; }

    /// <summary>The document's title, as its first lines have it.</summary>
    public abstract string Document { get; }

    /// <summary>What the document says, in our words.</summary>
    public abstract string Claim { get; }

    /// <summary>How it is measured, for the reader of the table.</summary>
    public abstract string Method { get; }

    public abstract LabResult Run(LabRequest request);
}

internal static class Documents
{
    public const string Advanced =
        "MS degree in Computer Engineering, University of Rome Tor Vergata, F. Quaglia: 1. Advanced task management schemes, 2. Binding to the Linux architecture";

    public const string KernelLevel =
        "Kernel level task management: 1. Advanced/scalable task management schemes, 2. (Multi-core) CPU scheduling approaches (F. Quaglia)";

    public const string TaskSwitch = "A Task Switch";

    public const string KernelThreads = "Linux Kernel Series: Linux Kernel Threads (D. Ahuja)";
}
