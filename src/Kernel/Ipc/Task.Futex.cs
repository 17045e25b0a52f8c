// What a task keeps for futexes. Owned by the task itself, but for what is marked. RobustList is read by get_robust_list.
using Jiffy.Kernel.Ipc;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Sync;

namespace Jiffy.Kernel.Tasks;

public sealed partial class Task
{
    /// <summary>User address of the list of locks it holds: set_robust_list. Zero: none.</summary>
    public ulong RobustList;

    internal FutexWaiter FutexWaiter { get; }

    /// <summary>The locks that lend priority which it has and others wait for. Guard: WakeLock.</summary>
    internal LinkedRing<FutexPiState, FutexPiState.Pooled> PiStates;

    /// <summary>Guard: WakeLock.</summary>
    internal FutexLife FutexLife;

    /// <summary>Held while it gives back what it has.</summary>
    internal Mutex<FutexExitRank> FutexExit;
}
