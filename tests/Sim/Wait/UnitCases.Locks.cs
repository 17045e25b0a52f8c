// One unit of a lock: the giver has it first, and who takes it gives it on by itself. And of sleep_on, whose callers look for the unit themselves.
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Sync;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Wait;
using Jiffy.Machine;
using Xunit;
using Task = Jiffy.Kernel.Tasks.Task;

namespace Jiffy.Tests.Sim.Wait;

#pragma warning disable CS0618 // sleep_on is here to be interrupted

internal static partial class UnitCases
{
    private readonly struct TestRank : ILockRank
    {
        public static LockRank Rank => LockRank.SelfTest;
    }

    private abstract class LockCase : UnitCase
    {
        private const int Longest = 20;
        private bool _wasGiven;

        public override bool HasFiles => false;

        public override Errno Take(int who)
        {
            while (!_wasGiven)
                Pause();
            var error = Lock();
            if (error != Errno.None)
                return error;
            Cpu.Interleave();
            Unlock();
            return Errno.None;
        }

        // Once, by the giver: long enough that the others come to wait.
        public override void Give()
        {
            if (_wasGiven)
                return;
            Assert.True(TryLockFirst());
            _wasGiven = true;
            for (var i = 0; i < Longest; i++)
                Pause();
            UnlockFirst();
        }

        private static void Pause()
        {
            Cpu.Relax();
            Scheduler.Yield();
        }

        protected abstract bool TryLockFirst();
        protected virtual void UnlockFirst() => Unlock();
        protected abstract Errno Lock();
        protected abstract void Unlock();
    }

    private sealed class MutexUnit : LockCase
    {
        private Mutex<TestRank> _mutex;

        public override void Make() => _mutex = default;
        protected override bool TryLockFirst() => _mutex.TryAcquire();
        protected override Errno Lock() => _mutex.AcquireInterruptible();
        protected override void Unlock() => _mutex.Release();
        public override void End() => Assert.False(_mutex.IsHeld);
    }

    private sealed class RtMutexUnit : LockCase
    {
        private readonly RtMutex _mutex = new();

        public override void Make()
        {
        }

        protected override bool TryLockFirst() => _mutex.TryLock(Task.Current);
        protected override Errno Lock() => _mutex.Lock(Task.Current, TaskState.Interruptible, long.MaxValue, detects: true);
        protected override void Unlock() => _mutex.Unlock(Task.Current);
        public override void End() => Assert.False(_mutex.IsHeld);
    }

    private sealed class ReadWriteUnit(bool writes) : LockCase
    {
        private readonly ReadWriteSemaphore<TestRank> _lock = new();

        public override void Make()
        {
        }

        protected override bool TryLockFirst() => _lock.TryAcquireWrite();
        protected override void UnlockFirst() => _lock.ReleaseWrite();
        protected override Errno Lock() => writes ? _lock.AcquireWriteInterruptible() : _lock.AcquireReadInterruptible();

        protected override void Unlock()
        {
            if (writes)
                _lock.ReleaseWrite();
            else
                _lock.ReleaseRead();
        }

        public override void End() => Assert.False(_lock.IsHeld);
    }

    // A wake-up that it loses costs it two ticks.
    private sealed class SleepOnUnit : UnitCase
    {
        private readonly WaitQueue _queue = new();
        private int _units;

        public override bool HasFiles => false;

        public override void Make()
        {
        }

        public override Errno Take(int who)
        {
            while (_units == 0)
            {
                SleepOn.InterruptibleTimeout(_queue, 2);
                if (Scheduler.IsSleepInterrupted(Task.Current, TaskState.Interruptible))
                    return Errno.ERESTARTSYS;
            }

            _units--;
            return Errno.None;
        }

        public override void Give()
        {
            _units++;
            _queue.WakeUp();
        }

        public override void End() => Assert.True(_queue.IsEmpty);
    }
}
