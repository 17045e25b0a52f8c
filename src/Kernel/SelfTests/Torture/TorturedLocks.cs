// Every kind of lock under torture: shared by all threads, and by timers' callbacks where interrupts may take it. Who is inside says so, and
// nobody may be there whom the lock should keep out; what is counted inside is what was counted outside; units and completions are neither
// lost nor made. Guards: what a lock guards is plain, the accounts outside are atomic.
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Sync;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;
using Jiffy.Kernel.Wait;
using Semaphore = Jiffy.Kernel.Sync.Semaphore;

namespace Jiffy.Kernel.SelfTests;

internal static class TorturedLocks
{
    private const int Units = 2;
    private const long Longest = 4_000, Patience = 300_000;

    private readonly struct SleepRank : ILockRank
    {
        static LockRank ILockRank.Rank => LockRank.SelfTest;
    }

    private readonly struct SpinRank : ILockRank
    {
        static LockRank ILockRank.Rank => LockRank.FutexBucket;
    }

    private static SpinLock<SpinRank, IrqsOff> s_spin;
    private static ReadWriteSpinLock<SpinRank, PreemptionOff, IrqsOff> s_readWrite;
    private static SequenceLock<SpinRank, PreemptionOff> s_sequence;
    private static Mutex<SleepRank> s_mutex;
    private static Semaphore s_semaphore = null!;
    private static ReadWriteSemaphore<SleepRank> s_shares = null!;
    private static Completion s_completion = null!;

    // What each lock guards.
    private static Inside s_inSpin, s_inReadWrite, s_inMutex, s_inShares;
    private static int s_users, s_left, s_right;
    private static long s_completed, s_waited, s_reads, s_timeOuts;

    /// <summary>Who is inside a lock, and how often its whole was taken: counted inside, plainly, and outside.</summary>
    private struct Inside
    {
        public int Readers, Writers;
        public long Count, Asked;
    }

    public static void Init()
    {
        s_semaphore = new Semaphore(Units);
        s_shares = new ReadWriteSemaphore<SleepRank>();
        s_completion = new Completion();
    }

    public static void Begin()
    {
        s_inSpin = default;
        s_inReadWrite = default;
        s_inMutex = default;
        s_inShares = default;
        s_completion.Reset();
        s_completed = 0;
        s_waited = 0;
        s_reads = 0;
        s_timeOuts = 0;
    }

    public static void Step(ref TortureRandom random)
    {
        var time = random.Below((int)Longest);
        switch (random.Below(8))
        {
            case 0:
                TakeSpin(time);
                break;
            case 1:
                WriteSpin(time, waits: random.Below(3) != 0);
                break;
            case 2:
                ReadSpin(time);
                break;
            case 3:
                if (random.Below(3) == 0)
                    WritePair();
                else
                    ReadPair(random.Below(2) == 0);
                break;
            case 4:
                TakeMutex(time, random.Below(4));
                break;
            case 5:
                TakeUnit(time, random.Below(3));
                break;
            case 6:
                TakeShare(time, random.Below(6));
                break;
            default:
                CompleteOrWait(random.Below(2) == 0);
                break;
        }
    }

    /// <summary>What an interrupt may do. Hardirq or softirq.</summary>
    public static void StepInInterrupt()
    {
        TakeSpin(200);
        ReadSpin(200);
        if (s_semaphore.TryDown())
            s_semaphore.Up();
    }

    private static void TakeSpin(long time)
    {
        Interlocked.Increment(ref s_inSpin.Asked);
        using (s_spin.Acquire())
            BeAlone(ref s_inSpin, time, "two are inside a spin lock");
    }

    private static void WriteSpin(long time, bool waits)
    {
        var token = false;
        if (waits)
            token = s_readWrite.AcquireWriteUnguarded();
        else if (!s_readWrite.TryAcquireWrite(out token))
            return;
        Interlocked.Increment(ref s_inReadWrite.Asked);
        BeAlone(ref s_inReadWrite, time, "a writer is not alone in a reader-writer spin lock");
        s_readWrite.ReleaseWrite(token);
    }

    private static void ReadSpin(long time)
    {
        using (s_readWrite.AcquireRead())
            BeBesideReaders(ref s_inReadWrite, time, "a reader is beside a writer in a reader-writer spin lock");
    }

    private static void BeAlone(ref Inside inside, long time, string what)
    {
        Torture.That(Interlocked.Increment(ref inside.Writers) == 1 && Volatile.Read(ref inside.Readers) == 0, what);
        inside.Count++;
        Helper.Spin(time);
        Torture.That(Volatile.Read(ref inside.Readers) == 0, what);
        Interlocked.Decrement(ref inside.Writers);
    }

    private static void BeBesideReaders(ref Inside inside, long time, string what)
    {
        Interlocked.Increment(ref inside.Readers);
        Torture.That(Volatile.Read(ref inside.Writers) == 0, what);
        Helper.Spin(time);
        Torture.That(Volatile.Read(ref inside.Writers) == 0, what);
        Interlocked.Decrement(ref inside.Readers);
    }

    private static void WritePair()
    {
        using (s_sequence.AcquireWrite())
        {
            Volatile.Write(ref s_left, s_left + 1);
            Helper.Spin(500);
            Volatile.Write(ref s_right, s_left);
        }
    }

    private static void ReadPair(bool excludes)
    {
        Interlocked.Increment(ref s_reads);
        if (excludes)
        {
            using (s_sequence.AcquireExclusive())
                Torture.That(s_left == s_right, "a writer is inside a sequence lock that is held");
            return;
        }

        var reading = default(SequenceReading);
        int left, right;
        do
        {
            s_sequence.BeginReadOrLock(ref reading);
            left = Volatile.Read(ref s_left);
            Helper.Spin(500);
            right = Volatile.Read(ref s_right);
        }
        while (s_sequence.MustReadAgain(ref reading));
        s_sequence.EndRead(reading);
        Torture.That(left == right, "a sequence lock shows a half");
    }

    private static void TakeMutex(long time, int way)
    {
        if (way == 0 && !s_mutex.TryAcquire())
            return;
        if (way == 1 && s_mutex.AcquireKillable() != Errno.None)
            return;
        if (way > 1)
            s_mutex.AcquireUnguarded();
        Interlocked.Increment(ref s_inMutex.Asked);
        BeAlone(ref s_inMutex, time, "two are inside a mutex");
        if (way == 3)
            Sleep.For(time, TaskState.Uninterruptible);
        s_mutex.Release();
    }

    private static void TakeUnit(long time, int way)
    {
        var result = way switch
        {
            0 => s_semaphore.Down(),
            1 => s_semaphore.DownUntil(TimeKeeper.Monotonic + time),
            _ => s_semaphore.TryDown() ? Errno.None : Errno.EAGAIN,
        };
        if (result != Errno.None)
        {
            Interlocked.Increment(ref s_timeOuts);
            return;
        }

        Torture.That(Interlocked.Increment(ref s_users) <= Units, "more are inside a semaphore than it has units");
        if (way == 1)
            Sleep.For(time, TaskState.Uninterruptible);
        else
            Helper.Spin(time);
        Interlocked.Decrement(ref s_users);
        s_semaphore.Up();
    }

    private static void TakeShare(long time, int way)
    {
        if (way > 2)
        {
            using (s_shares.AcquireRead())
            {
                if (way == 3)
                    Sleep.For(time, TaskState.Uninterruptible);
                BeBesideReaders(ref s_inShares, time, "a reader is beside a writer in a semaphore");
            }

            return;
        }

        s_shares.AcquireWrite();
        Interlocked.Increment(ref s_inShares.Asked);
        BeAlone(ref s_inShares, time, "a writer is not alone in a semaphore");
        if (way == 0)
            Sleep.For(time, TaskState.Uninterruptible);
        if (way != 1)
        {
            s_shares.ReleaseWrite();
            return;
        }

        s_shares.Downgrade();
        BeBesideReaders(ref s_inShares, time, "a writer is beside one that has become a reader");
        s_shares.ReleaseRead();
    }

    private static void CompleteOrWait(bool completes)
    {
        if (completes)
        {
            Interlocked.Increment(ref s_completed);
            s_completion.Complete();
        }
        else if (s_completion.WaitUntil(TimeKeeper.Monotonic + Patience, TaskState.Uninterruptible) == Errno.None)
        {
            Interlocked.Increment(ref s_waited);
        }
    }

    /// <summary>All threads have ended.</summary>
    public static void Settle()
    {
        Torture.That(!s_spin.IsHeld && !s_readWrite.IsHeld && !s_sequence.IsHeld && !s_mutex.IsHeld && !s_shares.IsHeld, "a lock is held at the end");
        Torture.That(s_semaphore.Count == Units, "a semaphore has lost units, or has too many");
        Torture.That(s_left == s_right, "a writer of a sequence lock did not come to its end");
        Torture.That(Counts(s_inSpin) && Counts(s_inReadWrite) && Counts(s_inMutex) && Counts(s_inShares), "what a lock guards was changed by two at once");
        var left = 0L;
        while (s_completion.TryWait())
            left++;
        Torture.That(s_completed == s_waited + left, "completions were lost, or made");
    }

    private static bool Counts(in Inside inside) => inside.Count == inside.Asked && inside.Readers == 0 && inside.Writers == 0;

    public static void Tell(Report report)
    {
        report.Text.Append($"# locks: {s_inSpin.Count} spin, {s_inReadWrite.Count} written, {s_inMutex.Count} mutex, {s_inShares.Count} semaphore written, ");
        report.Text.Append($"{s_reads} sequence read, {s_waited} completions, {s_timeOuts} units not had\n");
        report.AtLeast(s_inSpin.Count + s_inReadWrite.Count + s_inMutex.Count + s_inShares.Count, 1, "locks taken");
    }
}
