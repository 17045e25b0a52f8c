// The kernel's statics allow one machine per process: tests take turns.
[assembly: Xunit.CollectionBehavior(DisableTestParallelization = true)]
