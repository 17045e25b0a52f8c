// Sleeps where it must not: one way each. Never run.
using System;
using Jiffy.Kernel.Sync;
using Jiffy.Kernel.Wait;
using Jiffy.Machine;

namespace Jiffy.Tests.Unit.Checks.Samples;

internal static class BadContexts
{
    private static readonly WaitQueue s_queue = new();
    private static SpinLock<PoolRank, IrqsOff> s_spin;
    private static Mutex<PoolRank> s_mutex;
    private static readonly ReadWriteSemaphore<PoolRank> s_read = new();
    private static readonly Completion s_completion = new();
    private static Handler? s_handler;
    private static Given? s_given;

    // Of its own type: what calls other delegates does not reach it.
    private delegate void Handler();

    private delegate void Given();

    [HardirqContext]
    public static void TopHalf() => s_handler?.Invoke();

    public static void Register() => s_handler = static () => s_queue.WaitEvent(0, static _ => true);

    [SoftirqContext]
    public static void Deferred() => ReadUser();

    // Nobody calls it in sight: the mark on the parameter says where it runs.
    public static void GiveHandler() => Keep(static () => s_queue.WaitEvent(1, static _ => true));

    private static void Keep([SoftirqContext] Given handler) => s_given = handler;

    public static void UnderSpinLock()
    {
        using (s_spin.Acquire())
            TakeMutex();
    }

    public static void WithoutGuard()
    {
        var token = s_spin.AcquireUnguarded();
        s_completion.Wait();
        s_spin.Release(token);
    }

    /// <summary>Called with the lock held.</summary>
    public static bool GivesBackAndTakesAgain(bool token)
    {
        s_read.AcquireRead();
        s_spin.Release(token);
        return s_spin.AcquireUnguarded();
    }

    private static void ReadUser()
    {
        Span<byte> buffer = stackalloc byte[8];
        UserMemory.TryRead(0, buffer);
    }

    private static void TakeMutex()
    {
        using (s_mutex.Acquire())
            s_handler = null;
    }
}

internal static class GoodContexts
{
    private static SpinLock<PoolRank, IrqsOff> s_spin;
    private static Mutex<PoolRank> s_mutex;
    private static int s_value;

    [HardirqContext]
    public static void TopHalf()
    {
        using (s_spin.Acquire())
            s_value++;
    }

    public static void AfterSpinLock()
    {
        using (s_spin.Acquire())
            s_value++;
        using (s_mutex.Acquire())
            s_value++;
    }

    public static void AfterGivingBack()
    {
        var token = s_spin.AcquireUnguarded();
        s_value++;
        s_spin.Release(token);
        s_mutex.AcquireUnguarded();
    }

    /// <summary>Called with the lock held.</summary>
    public static bool BetweenGivingBackAndTakingAgain(bool token)
    {
        s_spin.Release(token);
        s_mutex.AcquireUnguarded();
        return s_spin.AcquireUnguarded();
    }

    [HardirqContext]
    public static void Asks() => PreemptIfAllowed();

    [AsksContext]
    private static void PreemptIfAllowed()
    {
        if (s_value == 0)
            s_mutex.AcquireUnguarded();
    }
}
