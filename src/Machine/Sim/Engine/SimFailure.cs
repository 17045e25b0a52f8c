// What goes wrong on a simulated machine, told so that a person can follow and repeat it.
using System;

namespace Jiffy.Machine.Sim;

/// <summary>A run failed: the message tells the reason, the seed, the interleaving and every stack.</summary>
public sealed class SimFailureException : Exception
{
    public SimFailureException(string report, string reason, Exception? cause = null)
        : base(report, cause) => Reason = reason;

    /// <summary>The first line: what was found.</summary>
    public string Reason { get; }
}
