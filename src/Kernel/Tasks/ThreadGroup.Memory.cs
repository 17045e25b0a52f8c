// What a process says about itself for the case that memory runs out. Guard: TaskTree.Lock. man 5 proc, oom_score_adj.
namespace Jiffy.Kernel.Tasks;

public sealed partial class ThreadGroup
{
    /// <summary>-1000 (never end it) to 1000 (end it first). Inherited by fork.</summary>
    internal int OutOfMemoryAdjustment;
}
