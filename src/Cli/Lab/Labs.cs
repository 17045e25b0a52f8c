// All labs, in the order in which they are listed.
using System.Collections.Generic;

namespace Jiffy.Cli.Lab;

internal static class Labs
{
    public static IReadOnlyList<Lab> All { get; } =
    [
        new HalvesExperiment(),
        new WorkQueueExperiment(),
        new DeadlockExperiment(),
        new AffinityExperiment(),
        new SleepExperiment(),
        new WheelExperiment(),
        new PreemptionExperiment(),
        new InversionExperiment(),
        new HerdExperiment(),
        new LostWakeUpExperiment(),
        new PipeExperiment(),
    ];
}
