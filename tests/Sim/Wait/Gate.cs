// What the tests' tasks wait for, in every form there is: a number of units, which a waiter only looks at, or takes one of.
using System;
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Sync;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Time;
using Jiffy.Kernel.Wait;
using Jiffy.Machine;
using Xunit;

namespace Jiffy.Tests.Sim.Wait;

/// <summary>The forms of waiting. Each has its way to wait and its way to give.</summary>
public enum Form
{
    Plain,
    Until,
    Timeout,
    Command,
    Holding,
    OwnLock,
    Place,
    Bit,
    BitLock,
}

internal sealed class Gate
{
    private readonly struct GateRank : ILockRank
    {
        public static LockRank Rank => LockRank.TerminalQueue;
    }

    private const int Bit = 5;

    private readonly Form _form;
    private SpinLock<GateRank, IrqsOff> _lock;
    private WaitPlace _place;
    private WaitBits _bits;
    private int _units, _commands;

    /// <param name="form">How it is waited for.</param>
    /// <param name="takes">Waiters take a unit each, and are woken one by one where the form can do that; else they only look.</param>
    public Gate(Form form, bool takes = false)
    {
        _form = form;
        Takes = takes || form == Form.BitLock;
        if (form is Form.Bit or Form.BitLock)
            _bits.TestAndSet(Bit);
    }

    public WaitQueue Queue { get; } = new();

    public bool Takes { get; }

    /// <summary>Units that nobody has taken.</summary>
    public int Units => _form is Form.Bit or Form.BitLock ? (_bits.IsSet(Bit) ? 0 : 1) : _units;

    /// <summary>Waits for at most so many ticks, where the form has a limit; for ever with long.MaxValue.</summary>
    public Errno Wait(TaskState state, long ticks = long.MaxValue)
    {
        var deadline = ticks == long.MaxValue ? ticks : TimeKeeper.Monotonic + ticks * Jiffies.Nanoseconds;
        var error = Wait(state, ticks, deadline);
        Assert.Equal(TaskState.Running, Task.Current.State);
        Assert.False(Task.Current.OwnWait.IsQueued);
        return error;
    }

    private Errno Wait(TaskState state, long ticks, long deadline)
    {
        switch (_form)
        {
            case Form.Plain:
                return Queue.WaitEvent(this, static gate => gate.IsMet(), state, Takes);
            case Form.Until:
                return Queue.WaitEventUntil(this, static gate => gate.IsMet(), deadline, state, Takes);
            case Form.Timeout:
                return Judge(Queue.WaitEventTimeout(this, static gate => gate.IsMet(), ticks, state, Takes), ticks);
            case Form.Command:
                return Queue.WaitEventCommand(
                    this, static gate => gate.IsMet(), static gate => gate.CountCommand(1), static gate => gate.CountCommand(-1), state, Takes);
            case Form.Holding:
                return WaitHolding(state);
            case Form.OwnLock:
                using (Queue.Lock())
                    return Queue.WaitEventLocked(this, static gate => gate.IsMet(), state, Takes);
            case Form.Place:
                return _place.WaitEventUntil(this, static gate => gate.IsMet(), deadline, state);
            case Form.Bit:
                return _bits.WaitWhileSet(Bit, state, deadline);
            default:
                return _bits.WaitAndSet(Bit, state, deadline);
        }
    }

    /// <summary>How many have done what comes before a sleep, and not yet what comes after it.</summary>
    public int InCommand => _commands;

    private void CountCommand(int change)
    {
        Assert.True(change > 0 || Task.Current.State == TaskState.Running);
        Interlocked.Add(ref _commands, change);
    }

    private static Errno Judge(Jiffy.Kernel.Structures.Result<long> left, long ticks)
    {
        if (!left.IsOk)
            return left.Error;
        Assert.InRange(left.Value, 0, Math.Max(ticks, 1));
        return left.Value == 0 ? Errno.ETIMEDOUT : Errno.None;
    }

    private Errno WaitHolding(TaskState state)
    {
        using (_lock.Acquire())
        {
            var error = Queue.WaitEventHolding(ref _lock, this, static gate => gate.IsMet(), state, Takes);
            Assert.True(_lock.IsHeld);
            return error;
        }
    }

    /// <summary>One unit more, and whoever waits for it is told.</summary>
    public void Give()
    {
        switch (_form)
        {
            case Form.Holding:
                using (_lock.Acquire())
                    _units++;
                Queue.WakeUp();
                break;
            case Form.OwnLock:
                using (Queue.Lock())
                {
                    _units++;
                    Queue.WakeUpLocked();
                }

                break;
            case Form.Place:
                Interlocked.Increment(ref _units);
                Cpu.Interleave();
                _place.WakeUp();
                break;
            case Form.Bit or Form.BitLock:
                _bits.ClearAndWakeUp(Bit);
                break;
            default:
                Interlocked.Increment(ref _units);
                Cpu.Interleave();
                Queue.WakeUp();
                break;
        }
    }

    public bool IsMet()
    {
        if (!Takes)
            return Volatile.Read(ref _units) > 0;
        while (true)
        {
            var units = Volatile.Read(ref _units);
            if (units == 0)
                return false;
            if (Interlocked.CompareExchange(ref _units, units - 1, units) == units)
                return true;
        }
    }

    /// <summary>The broken twins set it bare.</summary>
    public void Add() => Interlocked.Increment(ref _units);

    public bool HasUnit => Volatile.Read(ref _units) > 0;
}
