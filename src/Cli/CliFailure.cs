// An error with a message for the user and the exit status of the command. Program prints it, without a stack.
using System;

namespace Jiffy.Cli;

/// <summary>Ends the command with a message and an exit status.</summary>
internal sealed class CliFailure(string message, int status = 1) : Exception(message)
{
    public int Status { get; } = status;
}

/// <summary>Exit statuses with a meaning of their own. A guest command's own status is passed on as it is.</summary>
internal static class ExitStatus
{
    public const int Success = 0;
    public const int Failure = 1;

    /// <summary>The command line was wrong.</summary>
    public const int Usage = 2;

    /// <summary>The kernel panicked, or the machine ended without telling why.</summary>
    public const int Panic = 101;

    /// <summary>The time given by --timeout ran out.</summary>
    public const int TimedOut = 124;

    /// <summary>Ended by this signal, as shells report it.</summary>
    public static int OfSignal(int signal) => 128 + signal;
}
