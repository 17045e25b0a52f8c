// A timer that is a file: reading gives how often it expired since the last read. A periodic one that has expired rests until somebody reads
// or asks, and goes on from there past all periods gone by, which count: so it costs nothing while nobody looks, and no expiry is lost.
// Contexts: the expiry in hardirq; telling of a set clock under ClockWatches' lock; the rest in process context.
// Lock: _lock guards all; the timer's callback that comes late finds under it that it is not wanted any more.
// No wake-up is lost: the expiry changes the count under the lock, then wakes; a reader is queued before it looks. See WaitQueue.
// Linux: struct timerfd_ctx, timerfd_tmrproc(), timerfd_read_iter(). man 2 timerfd_create.
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Sync;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;
using Jiffy.Kernel.Wait;
using Jiffy.Machine;

namespace Jiffy.Kernel.Ipc;

using static FileConstants;

internal readonly struct TimerFileRank : ILockRank
{
    public static LockRank Rank => LockRank.TimerFile;
}

internal sealed partial class TimerFile
{
    private Links<TimerFile> _poolLinks;
    private SpinLock<TimerFileRank, IrqsOff> _lock;
    private readonly WaitQueue _readers = new();
    private readonly HighResolutionTimer _timer;
    private readonly ClockWatch _watch;
    private ClockBase _base;
    private long _deadline, _interval; // on _base; the last expiry while _isOver
    private long _ticks;
    private int _flags;                // TFD_TIMER_* as set last
    private bool _isArmed;             // the timer is queued, or its callback is still to count
    private bool _isOver;              // has expired since it was set or last went on
    private bool _isCancelled;         // the clock was set; the next read says so

    private TimerFile()
    {
        _timer = new HighResolutionTimer(static timer => ((TimerFile)timer.Owner!).Expire(), this, "timerfd_tmrproc");
        _watch = new ClockWatch(static watch => ((TimerFile)watch.Owner).ClockWasSet(), this);
    }

    public static Pool<TimerFile, Pooled> Pool { get; private set; } = null!;

    /// <summary>The clock's number in the ABI.</summary>
    public int Clock { get; private set; }

    /// <summary>At most <paramref name="limit"/> in the whole system.</summary>
    public static void Init(int limit) => Pool = new Pool<TimerFile, Pooled>("timer_file", limit);

    /// <summary>A timer at rest. Null: out of memory.</summary>
    public static TimerFile? Create(int clock)
    {
        if (!Pool.TryTake(out var made))
            return null;
        made.Clock = clock;
        made._base = ClockBase.Monotonic;
        made._deadline = made._interval = made._ticks = 0;
        made._flags = 0;
        made._isArmed = made._isOver = made._isCancelled = false;
        return made;
    }

    /// <summary>The last user has closed it. Waits for callbacks.</summary>
    public void Close()
    {
        ClockWatches.Remove(_watch);
        using (_lock.Acquire())
            _isArmed = false;
        _timer.Cancel();
        Pool.Give(this);
    }

    /// <summary>Sets it, or with <paramref name="value"/> zero stops it, and tells what it was. Nanoseconds. ECANCELED: the clock was set; it is set nevertheless.</summary>
    public Errno Set(int flags, long value, long interval, out long oldValue, out long oldInterval)
    {
        var isAbsolute = (flags & TimerFlags.TFD_TIMER_ABSTIME) != 0;
        var followsClock = isAbsolute && (flags & TimerFlags.TFD_TIMER_CANCEL_ON_SET) != 0
            && Clock is ClockId.CLOCK_REALTIME or ClockId.CLOCK_REALTIME_ALARM;
        if (followsClock)
            ClockWatches.Add(_watch);
        else
            ClockWatches.Remove(_watch);
        using (_lock.Acquire())
        {
            Read(out oldValue, out oldInterval);
            _isArmed = false;
            _timer.TryCancel(); // a callback that waits for the lock finds the timer off, or queued anew
            _ticks = 0;
            _isOver = false;
            _flags = flags;
            _interval = interval;
            var wasCancelled = _isCancelled && followsClock;
            _isCancelled = false;
            if (value != 0)
                Start(isAbsolute, value);
            return wasCancelled ? Errno.ECANCELED : Errno.None;
        }
    }

    private void Start(bool isAbsolute, long value)
    {
        _base = isAbsolute ? Clocks.BaseOf(Clock) : ClockBase.Monotonic;
        _deadline = isAbsolute ? value : Deadline.After(TimeKeeper.Monotonic, value);
        _isArmed = true;
        _timer.Start(_deadline, _base);
    }

    /// <summary>Time left until the next expiry (zero: it is off) and the interval.</summary>
    public void Get(out long value, out long interval)
    {
        using (_lock.Acquire())
            Read(out value, out interval);
    }

    private void Read(out long value, out long interval)
    {
        if (_isOver && _interval != 0)
            GoOn();
        interval = _interval;
        value = _isArmed ? System.Math.Max(1, _deadline - Clocks.Now(_base)) : 0;
    }

    // Counts the periods gone by since the expiry that was counted, and waits for the next.
    private void GoOn()
    {
        var periods = Deadline.Forward(ref _deadline, Clocks.Now(_base), _interval);
        if (periods > 0)
            _ticks += periods - 1;
        _isOver = false;
        _isArmed = true;
        _timer.Start(_deadline, _base);
    }

    // Hardirq.
    private TimerRestart Expire()
    {
        using (_lock.Acquire())
        {
            if (!_isArmed || (_timer.IsQueued && !PosixTimerFaults.Has(PosixTimerFault.StaleExpiryCounts)))
                return TimerRestart.No;
            _isArmed = false;
            _isOver = true;
            _ticks++;
            _readers.WakeUpAll(key: new WakeKey(POLLIN | POLLRDNORM));
        }

        return TimerRestart.No;
    }

    // Whoever waits for a moment of the old clock must think again.
    private void ClockWasSet()
    {
        using (_lock.Acquire())
        {
            _isCancelled = true;
            _ticks++;
            _readers.WakeUpAll(key: new WakeKey(POLLIN | POLLRDNORM));
        }
    }

    public readonly struct Pooled : IPooled<TimerFile>
    {
        public static ref Links<TimerFile> Of(TimerFile item) => ref item._poolLinks;
        public static TimerFile Create() => new();
        public static int Bytes => 640;
    }
}
