// Messages of the tool itself. They go to the error stream, so that the output stream carries only results:
// what the guest's command printed, a table, the tests' summary.
namespace Jiffy.Cli.Host;

internal static class Report
{
    /// <summary>False silences progress messages (errors are still printed).</summary>
    public static bool ShowsProgress { get; set; } = true;

    public static void Progress(string message)
    {
        if (ShowsProgress)
            Error(message);
    }

    public static void Error(string message) => Descriptors.Write(Descriptors.StandardError, $"jiffy: {message}\n");
}
