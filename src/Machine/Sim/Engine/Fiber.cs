// A kernel stack of the simulated machine: a host thread that runs only while it holds the baton. Fibers are pooled for
// the life of the process, since making a thread costs more than a whole schedule.
// A fiber that is no longer wanted is unwound: it wakes up, throws StackAbandoned through the kernel code it stands in,
// and goes back to the pool. Kernel code catches nothing, so only its using guards see that.
using System;
using System.Collections.Generic;
using System.Threading;

namespace Jiffy.Machine.Sim;

/// <summary>Thrown through kernel code whose stack the machine takes away; never caught by the kernel.</summary>
internal sealed class StackAbandoned : Exception
{
}

internal enum FiberEntry { BootPrimary, BootSecondary, StartTask, Body }

internal sealed class Fiber
{
    private const int HostStackBytes = 1 << 20;
    private const int MostCallsWhileUnwinding = 10_000;

    [ThreadStatic] private static Fiber? t_current;
    private static readonly Stack<Fiber> s_idle = new();
    private static int s_made;

    private readonly Baton _baton = new();
    private FiberEntry _entry;
    private bool _abandoned, _isPinned;
    private int _callsWhileUnwinding;
    private Baton? _unwinder;

    private Fiber()
    {
        var thread = new Thread(Loop, HostStackBytes) { IsBackground = true, Name = $"sim stack {++s_made}" };
        thread.Start();
    }

    /// <summary>The fiber this code runs on; null on a thread that belongs to no machine.</summary>
    public static Fiber? Current => t_current;

    /// <summary>The calling fiber if contract calls are to have an effect: null also while its stack is being taken away.</summary>
    public static Fiber? Running
    {
        get
        {
            var fiber = t_current;
            return fiber is null || !fiber.IsUnwinding || fiber.IsStuck() ? fiber : null;
        }
    }

    public SimMachine Machine { get; private set; } = null!;

    public TaskContext Context { get; private set; } = null!;

    /// <summary>What the fiber waits for when it does not run.</summary>
    public Baton Baton => _baton;

    /// <summary>The CPU that this stack is on, or was on last.</summary>
    public SimCpu Cpu { get; set; } = null!;

    /// <summary>The context that ran before on <see cref="Cpu"/>, set by whoever switches to this fiber.</summary>
    public TaskContext? Previous { get; set; }

    /// <summary>True while the stack is being taken away: contract calls have no more effect.</summary>
    public bool IsUnwinding { get; private set; }

    /// <summary>Where the fiber stood when it was unwound, if the machine asked for that.</summary>
    public string? StackText { get; private set; }

    /// <summary>A fiber from the pool, set to enter the kernel when it first runs.</summary>
    public static Fiber Take(SimMachine machine, TaskContext context, FiberEntry entry)
    {
        Fiber? fiber;
        lock (s_idle)
        {
            if (!s_idle.TryPop(out fiber))
                fiber = new Fiber();
        }
        fiber.Machine = machine;
        fiber.Context = context;
        fiber._entry = entry;
        fiber._abandoned = false;
        fiber.IsUnwinding = false;
        fiber._callsWhileUnwinding = 0;
        fiber.StackText = null;
        fiber.Previous = null;
        return fiber;
    }

    /// <summary>Passes the baton to another fiber and sleeps until it comes back.</summary>
    public void HandOverTo(Fiber next)
    {
        next._baton.Give();
        Sleep();
    }

    /// <summary>Passes the baton to the host's thread and sleeps until it comes back.</summary>
    public void HandOverTo(Baton host)
    {
        host.Give();
        Sleep();
    }

    /// <summary>The stack goes on under another name: the kernel's own for CPU 0's first stack.</summary>
    public void Rename(TaskContext context)
    {
        Context = context;
        context.Fiber = this;
        context.GrantStack();
    }

    /// <summary>Lets the fiber run; the caller has no more right to.</summary>
    public void Resume() => _baton.Give();

    /// <summary>Takes the stack away. The caller holds the baton, and has it again when this returns; <paramref name="own"/> is where it waits.</summary>
    public void Abandon(Baton own)
    {
        MarkAbandoned(own);
        _baton.Give();
        own.Take();
    }

    /// <summary>The stack is to be taken away as soon as the fiber gets the baton; <paramref name="next"/> has it afterwards.</summary>
    public void MarkAbandoned(Baton next)
    {
        _abandoned = true;
        _unwinder = next;
    }

    private void Sleep()
    {
        _baton.Take();
        if (_abandoned)
            BeginUnwinding();
    }

    private void BeginUnwinding()
    {
        IsUnwinding = true;
        if (Machine.WantsStacks)
            StackText = StackTexts.Here();
        throw new StackAbandoned();
    }

    /// <summary>Ends this fiber's kernel code, because the machine stops: the baton goes to the host.</summary>
    public void StopMachine()
    {
        _unwinder = Machine.HostBaton;
        BeginUnwinding();
    }

    /// <summary>Throws again when code that runs while the stack is unwound does not end, as after a failed assertion there.</summary>
    private bool IsStuck()
    {
        if (++_callsWhileUnwinding % MostCallsWhileUnwinding == 0)
            throw new StackAbandoned();
        return false;
    }

    private void Loop()
    {
        t_current = this;
        while (true)
        {
            _baton.Take();
            Pin();
            RunOnce();
            var next = _unwinder ?? Machine.BatonAfter(this);
            _unwinder = null;
            Machine.ForgetFiber(this);
            lock (s_idle)
                s_idle.Push(this);
            next.Give();
        }
    }

    private void Pin()
    {
        if (_isPinned || !SimHost.IsPinned)
            return;
        SimHost.PinThisThread();
        _isPinned = true;
    }

    private void RunOnce()
    {
        if (_abandoned)
            return;
        try
        {
            EnterKernel();
        }
        catch (StackAbandoned)
        {
        }
        catch (Exception error)
        {
            if (!IsUnwinding)
                Machine.RecordFailure(error);
        }
    }

    private void EnterKernel()
    {
        try
        {
            Machine.EnterKernel(this, _entry);
        }
        catch (Exception error) when (Machine.OfferFault(this, error))
        {
        }
    }
}
