// Self-test of waiting: each form of wait_event is woken, ends with its time, and ends with a signal where its state says so; so many exclusive ones wake
// as are asked for; very many wake at once; bits and places on shared queues. Guard: a test's thread writes s_result before s_ended.
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Sync;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;
using Jiffy.Kernel.Wait;
using Jiffy.Machine;

namespace Jiffy.Kernel.SelfTests;

internal static class Waiting
{
    private const int Many = 200, Bit = 7;

    private enum Form
    {
        Plain,
        Timeout,
        Command,
        Holding,
        OwnLock,
        Place,
        Bit,
        BitLock,
        Count,
    }

    private static WaitQueue s_queue = null!;
    private static WaitPlace s_place;
    private static WaitBits s_bits;
    private static SpinLock<Rank, IrqsOff> s_lock; // guards s_isOpen in the form Holding
    private static Form s_form;
    private static TaskState s_state;
    private static Errno s_result;
    private static bool s_isOpen, s_isExclusive;
    private static int s_commands, s_ended, s_tokens;

    private readonly struct Rank : ILockRank
    {
        static LockRank ILockRank.Rank => LockRank.TerminalQueue;
    }

    public static void AddTo(DriverFile tests)
    {
        s_queue = new WaitQueue();
        tests.Add("waiting", "1 2 4", "every form of wait_event: woken, out of time, interrupted; exclusive, many at once; wait_on_bit", static report => Run(report));
    }

    private static void Run(Report report)
    {
        for (var form = Form.Plain; form < Form.Count; form++)
        {
            Woken(report, form);
            Interrupted(report, form, TaskState.Interruptible, WorkFlag.SignalPending, "interruptible: a signal ends it");
            Interrupted(report, form, TaskState.Killable, WorkFlag.SignalPending | WorkFlag.MustExit, "killable: a fatal signal ends it");
        }

        OutOfTime(report);
        SomeOfMany(report);
        report.Text.Append($"# changes of state checked: {TaskStateRules.Checked}\n");
    }

    private static bool IsMet() => Volatile.Read(ref s_isOpen);

    private static Errno Wait()
    {
        switch (s_form)
        {
            case Form.Timeout:
                var left = s_queue.WaitEventTimeout(0, static _ => IsMet(), 10_000, s_state);
                return !left.IsOk ? left.Error : left.Value > 0 ? Errno.None : Errno.ETIMEDOUT;
            case Form.Command:
                return s_queue.WaitEventCommand(0, static _ => IsMet(), static _ => s_commands++, static _ => s_commands--, s_state);
            case Form.Holding:
                using (s_lock.Acquire())
                    return s_queue.WaitEventHolding(ref s_lock, 0, static _ => IsMet(), s_state);
            case Form.OwnLock:
                using (s_queue.Lock())
                    return s_queue.WaitEventLocked(0, static _ => IsMet(), s_state);
            case Form.Place:
                return s_place.WaitEvent(0, static _ => IsMet(), s_state);
            case Form.Bit:
                return s_bits.WaitWhileSet(Bit, s_state);
            case Form.BitLock:
                return s_bits.WaitAndSet(Bit, s_state);
            default:
                return s_queue.WaitEvent(0, static _ => IsMet(), s_state);
        }
    }

    private static void Open()
    {
        Volatile.Write(ref s_isOpen, true);
        if (s_form == Form.Place)
            s_place.WakeUp();
        else if (s_form is Form.Bit or Form.BitLock)
            s_bits.ClearAndWakeUp(Bit);
        else if (s_form == Form.OwnLock)
            OpenLocked();
        else
            s_queue.WakeUp();
    }

    private static void OpenLocked()
    {
        using (s_queue.Lock())
            s_queue.WakeUpLocked();
    }

    private static Task Start(Form form, TaskState state)
    {
        s_form = form;
        s_state = state;
        s_commands = 0;
        Volatile.Write(ref s_isOpen, false);
        Volatile.Write(ref s_ended, 0);
        if (form is Form.Bit or Form.BitLock)
            s_bits.TestAndSet(Bit);
        var waiter = Helper.Start("waiter"u8, Helper.Other(Cpu.Id), 0, static _ =>
        {
            s_result = Wait();
            WorkFlag.Clear(Task.Current, WorkFlag.SignalPending | WorkFlag.MustExit);
            Volatile.Write(ref s_ended, 1);
            return 0;
        });
        WaitUntilAsleep(waiter);
        return waiter;
    }

    private static Task s_watched = null!;

    private static void WaitUntilAsleep(Task task)
    {
        s_watched = task;
        Helper.WaitFor(static () => s_watched.State != TaskState.Running && s_watched.QueueState == QueueState.Off);
    }

    private static bool HasEnded() => Helper.WaitFor(static () => Volatile.Read(ref s_ended) != 0);

    private static string NameOf(Form form) => form switch
    {
        Form.Plain => "wait_event",
        Form.Timeout => "wait_event_timeout",
        Form.Command => "wait_event_cmd",
        Form.Holding => "wait_event_lock_irq",
        Form.OwnLock => "wait_event_interruptible_locked",
        Form.Place => "wait_var_event",
        Form.Bit => "wait_on_bit",
        _ => "wait_on_bit_lock",
    };

    private static void Woken(Report report, Form form)
    {
        report.Text.Append($"# {NameOf(form)}\n");
        Start(form, TaskState.Uninterruptible);
        Open();
        report.That(HasEnded() && s_result == Errno.None && s_commands == 0, "the event ends it");
    }

    private static void Interrupted(Report report, Form form, TaskState state, int flags, string what)
    {
        var waiter = Start(form, state);
        WorkFlag.Set(waiter, flags);
        Scheduler.TryToWakeUp(waiter, TaskState.Interruptible | TaskState.WakeKill);
        report.That(HasEnded() && s_result == Errno.ERESTARTSYS && s_commands == 0, what);
        if (form == Form.BitLock)
            s_bits.Clear(Bit);
    }

    private static void OutOfTime(Report report)
    {
        Volatile.Write(ref s_isOpen, false);
        var start = Jiffies.Now;
        var left = s_queue.WaitEventTimeout(0, static _ => IsMet(), 5);
        report.That(left.IsOk && left.Value == 0 && Jiffies.Now - start >= 5, "wait_event_timeout: five ticks pass, and none is left");
        var error = s_queue.WaitEventUntil(0, static _ => IsMet(), TimeKeeper.Monotonic + 3 * Helper.Millisecond, TaskState.Uninterruptible, exclusive: true);
        report.That(error == Errno.ETIMEDOUT && s_queue.IsEmpty, "wait_event_hrtimeout, exclusive: its time ends it");
        s_bits.TestAndSet(Bit);
        error = s_bits.WaitAndSet(Bit, TaskState.Killable, TimeKeeper.Monotonic + 3 * Helper.Millisecond);
        report.That(error == Errno.ETIMEDOUT && s_bits.IsSet(Bit), "wait_on_bit_lock: its time ends it, and the bit is not its own");
        s_bits.Clear(Bit);
        Volatile.Write(ref s_isOpen, true);
        left = s_queue.WaitEventTimeout(0, static _ => IsMet(), 0);
        report.That(left.IsOk && left.Value == 1, "wait_event_timeout: what holds holds with no time, too");
    }

    // Many sleepers, more than a wake-up looks at in one stretch.
    private static void SomeOfMany(Report report)
    {
        StartMany(isExclusive: true);
        Interlocked.Add(ref s_tokens, 3);
        var woken = s_queue.WakeUp(3);
        report.Equal(woken, 3, "of two hundred exclusive sleepers as many are woken as asked for");
        report.That(Helper.WaitFor(static () => Volatile.Read(ref s_ended) == 3), "and those three proceed");
        Interlocked.Add(ref s_tokens, Many);

        // Who wakes before the last stretch stands at the queue's end again until it has looked at its condition, and may be met, and counted, twice.
        woken = s_queue.WakeUpAll();
        report.That(woken >= Many - 3, "a wake-up of all wakes the others");
        report.That(Helper.WaitFor(static () => Volatile.Read(ref s_ended) == Many) && s_queue.IsEmpty, "and they proceed");
        StartMany(isExclusive: false);
        Interlocked.Add(ref s_tokens, Many);
        report.Equal(s_queue.WakeUp(), Many, "two hundred plain sleepers are woken by one wake-up");
        report.That(Helper.WaitFor(static () => Volatile.Read(ref s_ended) == Many) && s_queue.IsEmpty, "and none is left on the queue");
    }

    private static void StartMany(bool isExclusive)
    {
        s_isExclusive = isExclusive;
        Volatile.Write(ref s_tokens, 0);
        Volatile.Write(ref s_ended, 0);
        for (var i = 0; i < Many; i++)
        {
            WaitUntilAsleep(Helper.Start("one-of-many"u8, i % Scheduler.Online.Count, 0, static _ =>
            {
                s_queue.WaitEvent(0, static _ => TryTake(), TaskState.Uninterruptible, s_isExclusive);
                Interlocked.Increment(ref s_ended);
                return 0;
            }));
        }
    }

    private static bool TryTake()
    {
        while (true)
        {
            var tokens = Volatile.Read(ref s_tokens);
            if (tokens <= 0)
                return false;
            if (Interlocked.CompareExchange(ref s_tokens, tokens - 1, tokens) == tokens)
                return true;
        }
    }
}
