// The managed work queues under every interleaving: no run is lost, waits wait, items run once at a time, sleepers let others work.
using System;
using System.Collections.Generic;
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Deferred.WorkQueues;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;
using Jiffy.Kernel.Wait;
using Jiffy.Machine;
using Jiffy.Machine.Sim;
using Xunit;

namespace Jiffy.Tests.Sim.Deferred;

public sealed class WorkQueueTests
{
    private static ExploreOptions Options(int cpus, int schedules = 400, Strategy strategy = Strategy.Mixed, int bound = 2) => new()
    {
        Machine = new SimOptions { Cpus = cpus, MemoryBytes = 8 << 20 },
        Schedules = schedules,
        Strategy = strategy,
        PreemptionBound = bound,
    };

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void What_is_queued_runs(int cpus) => Explore.Schedules(Options(cpus), machine =>
    {
        var kernel = new WorkKernel(machine);
        var ran = 0;
        var items = new[] { new WorkItem(_ => ran++, null), new WorkItem(_ => ran++, null), new WorkItem(_ => ran++, null) };
        kernel.Spawn("queuer", () =>
        {
            foreach (var item in items)
                Assert.True(WorkQueues.Events.Queue(item));
            Assert.Equal(Errno.None, WorkQueues.Events.Flush());
            Assert.Equal(3, ran);
        });
        kernel.RunAll();
    });
}
