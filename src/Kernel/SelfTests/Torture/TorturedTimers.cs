// A coarse timer and a high-resolution timer under torture. Each has one owner, who starts, changes and cancels it; the callback counts.
// When the owner has cancelled and waited, the sums are exact: every start was fired, changed by a later one, or taken off, and no callback runs.
// Guards: fields of the callback are atomic; the others are the owner's. _earliest: no deadline asked for since all was quiet is before it.
using System.Threading;
using Jiffy.Kernel.Time;
using Timer = Jiffy.Kernel.Time.Timer;

namespace Jiffy.Kernel.SelfTests;

internal sealed class TorturedTimer
{
    private const long Length = 2_000;

    private readonly Timer _timer;
    private readonly int _number;
    private int _running, _fired;
    private int _started, _replaced, _cancelled;
    private long _earliest;

    public TorturedTimer(int number)
    {
        _number = number;
        _timer = new Timer(static timer => ((TorturedTimer)timer.Owner!).Fire(), this, number % 4 == 3 ? TimerOptions.IrqSafe : TimerOptions.None, "torture");
    }

    public void Begin()
    {
        _fired = 0;
        _started = 0;
        _replaced = 0;
        _cancelled = 0;
        _earliest = long.MaxValue;
    }

    private void Fire()
    {
        Torture.That(Interlocked.Exchange(ref _running, 1) == 0, "a timer's callback runs on two CPUs at once");
        Torture.That(Jiffies.Now >= Volatile.Read(ref _earliest), "a timer fires early");
        if (_number % 3 == 0)
            TorturedSoftirqs.Ask(_number);
        Helper.Spin(_number * Length); // long enough for others to come in between
        Interlocked.Increment(ref _fired);
        Volatile.Write(ref _running, 0);
    }

    public void Step(ref TortureRandom random)
    {
        switch (random.Below(6))
        {
            case 0 or 1 or 2:
                Start(Jiffies.Now + random.Below(12));
                break;
            case 3:
                Start(Jiffies.Now + random.Below(5000));
                break;
            case 4:
                _cancelled += _timer.Cancel() ? 1 : 0;
                break;
            default:
                Quiet();
                break;
        }
    }

    private void Start(long expires)
    {
        if (expires < _earliest)
            Volatile.Write(ref _earliest, expires);
        _started++;
        _replaced += _timer.Start(expires) ? 1 : 0;
    }

    /// <summary>Takes it off, waits, and looks whether all is as it must be then.</summary>
    public void Quiet()
    {
        _cancelled += _timer.CancelAndWait() ? 1 : 0;
        Torture.That(Volatile.Read(ref _running) == 0, "a timer's callback runs although its end was waited for");
        Torture.That(_fired + _replaced + _cancelled == _started, "a timer was lost, or fired twice");
        Volatile.Write(ref _earliest, long.MaxValue);
    }

    public void AddTo(ref TortureSums sums)
    {
        sums.TimersStarted += _started;
        sums.TimersFired += _fired;
        sums.TimersReplaced += _replaced;
        sums.TimersCancelled += _cancelled;
    }
}

internal sealed class TorturedAlarm
{
    private const int MostRestarts = 3;
    private const long Length = 1_500;

    private readonly HighResolutionTimer _timer;
    private readonly int _number;
    private int _running, _fired, _restartsLeft;
    private int _started, _replaced, _cancelled, _restarted;
    private long _earliest;

    public TorturedAlarm(int number)
    {
        _number = number;
        _timer = new HighResolutionTimer(static timer => ((TorturedAlarm)timer.Owner!).Fire(), this, "torture",
            number % 3 == 1 ? TimerContext.Softirq : TimerContext.Hardirq);
    }

    // Those that restart themselves are started only when they are quiet: see HighResolutionTimer.Start.
    private bool RestartsItself => _number % 2 == 1;

    public void Begin()
    {
        _fired = 0;
        _started = 0;
        _replaced = 0;
        _cancelled = 0;
        _restarted = 0;
        _restartsLeft = 0;
        _earliest = long.MaxValue;
    }

    private TimerRestart Fire()
    {
        Torture.That(Interlocked.Exchange(ref _running, 1) == 0, "a high-resolution timer's callback runs on two CPUs at once");
        Torture.That(TimeKeeper.Monotonic >= Volatile.Read(ref _earliest), "a high-resolution timer fires early");
        if (_number % 3 == 0)
            TorturedSoftirqs.Ask(_number);
        TorturedLocks.StepInInterrupt();
        TorturedRcu.Read(_number % 2, Length);
        Helper.Spin(_number * Length);
        var goesOn = _restartsLeft > 0;
        if (goesOn)
        {
            _restartsLeft--;
            _restarted++;
            _timer.Forward(TimeKeeper.Monotonic, 50_000);
        }

        Interlocked.Increment(ref _fired);
        Volatile.Write(ref _running, 0);
        return goesOn ? TimerRestart.Yes : TimerRestart.No;
    }

    public void Step(ref TortureRandom random)
    {
        if (random.Below(4) == 0)
        {
            Quiet();
            return;
        }

        if (RestartsItself)
        {
            Quiet();
            _restartsLeft = random.Below(MostRestarts + 1);
        }

        var deadline = TimeKeeper.Monotonic + random.Below(500_000);
        if (deadline < _earliest)
            Volatile.Write(ref _earliest, deadline);
        _started++;
        _replaced += _timer.Start(deadline, ClockBase.Monotonic, random.Below(2) * 20_000) ? 1 : 0;
    }

    /// <summary>Takes it off, waits, and looks whether all is as it must be then.</summary>
    public void Quiet()
    {
        _cancelled += _timer.Cancel() ? 1 : 0;
        Torture.That(Volatile.Read(ref _running) == 0, "a high-resolution timer's callback runs although its end was waited for");
        Torture.That(_fired + _replaced + _cancelled == _started + _restarted, "a high-resolution timer was lost, or fired twice");
        Volatile.Write(ref _earliest, long.MaxValue);
    }

    public void AddTo(ref TortureSums sums)
    {
        sums.AlarmsStarted += _started;
        sums.AlarmsFired += _fired;
        sums.AlarmsReplaced += _replaced;
        sums.AlarmsCancelled += _cancelled;
    }
}
