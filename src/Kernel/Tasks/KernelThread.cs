// Kernel threads: tasks without user memory, children of kthreadd, made through the same fork as everything else.
// A thread sleeps until it is woken for the first time; it ends when its function returns, or with Exit. Whoever made it can stop it, set it
// aside and let it go on: KernelThread.Control.cs.
// Context: Create, Run: process, may sleep. Lock: Request.s_lock guards the list of wanted threads.
// Linux: kthread_create(), kthread_create_on_cpu(), kthread_run(), kthread_exit(), kthreadd().
using System;
using System.Diagnostics.CodeAnalysis;
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Sync;
using Jiffy.Kernel.Wait;

namespace Jiffy.Kernel.Tasks;

public static partial class KernelThread
{
    private readonly struct RequestRank : ILockRank
    {
        public static LockRank Rank => LockRank.InodeTable;
    }

    private static SpinLock<RequestRank, PreemptionOff> s_lock;
    private static LinkedRing<KernelThreadState, KernelThreadState.Requested> s_requests;
    private static Pool<KernelThreadState, KernelThreadState.Pooled> s_pool = null!;
    private static WaitQueue s_wanted = null!;

    /// <summary>The parent of all kernel threads, pid 2.</summary>
    public static Task Daemon { get; private set; } = null!;

    public static void Init()
    {
        s_lock = default;
        s_requests = default;
        s_pool = new Pool<KernelThreadState, KernelThreadState.Pooled>("kthread", TaskTree.MaxThreads);
        s_wanted = new WaitQueue();
    }

    /// <summary>Starts kthreadd from the boot task. Boot, once, after init has its id.</summary>
    internal static Errno StartDaemon()
    {
        var result = CreateFromBoot("kthreadd"u8, static _ => ServeRequests());
        if (!result.TryGet(out var daemon))
            return result.Error;
        Daemon = daemon;
        Scheduler.WakeUpNew(daemon);
        return Errno.None;
    }

    /// <summary>Makes a kernel thread that is nobody's child (boot only); it waits for its first wake-up.</summary>
    internal static Result<Task> CreateFromBoot(ReadOnlySpan<byte> name, Func<object?, int> function)
    {
        if (!s_pool.TryTake(out var state))
            return Errno.EAGAIN;
        Prepare(state, name, function, null);
        var result = Task.Copy(new CloneArguments { Flags = Clone.CLONE_FS }, state);
        if (!result.IsOk)
        {
            s_pool.Give(state);
            return result.Error;
        }

        state.Task = result.Value;
        result.Value.SetName(name);
        return result;
    }

    /// <summary>
    /// Makes a kernel thread named <paramref name="name"/> (at most 15 bytes count) that will run <paramref name="function"/> (a static
    /// lambda); it waits for <see cref="Scheduler.WakeUpNew"/>. May sleep.
    /// </summary>
    public static Result<Task> Create(ReadOnlySpan<byte> name, Func<object?, int> function, object? argument = null)
    {
        if (!s_pool.TryTake(out var state))
            return Errno.EAGAIN;
        Prepare(state, name, function, argument);
        using (s_lock.Acquire())
            s_requests.AddLast(state);
        s_wanted.WakeUp();
        state.Wait.WaitEvent(state, static s => Volatile.Read(ref s.Done) != 0, TaskState.Uninterruptible);
        if (state.Error == Errno.None)
            return state.Task!;
        var error = state.Error;
        s_pool.Give(state);
        return error;
    }

    /// <summary>Like <see cref="Create"/>, and ties the thread to a CPU for good.</summary>
    public static Result<Task> CreateOn(int cpu, ReadOnlySpan<byte> name, Func<object?, int> function, object? argument = null)
    {
        var result = Create(name, function, argument);
        if (result.TryGet(out var task))
            Scheduler.Bind(task, cpu);
        return result;
    }

    /// <summary>Creates and wakes.</summary>
    public static Result<Task> Run(ReadOnlySpan<byte> name, Func<object?, int> function, object? argument = null)
    {
        var result = Create(name, function, argument);
        if (result.IsOk)
            Scheduler.WakeUpNew(result.Value);
        return result;
    }

    private static void Prepare(KernelThreadState state, ReadOnlySpan<byte> name, Func<object?, int> function, object? argument)
    {
        state.NameLength = Math.Min(name.Length, TaskName.Capacity - 1);
        Span<byte> to = state.Name;
        name.Slice(0, state.NameLength).CopyTo(to);
        state.Function = function;
        state.Argument = argument;
        state.Task = null;
        state.Error = Errno.None;
        state.Done = 0;
        state.ResetControl();
    }

    /// <summary>kthreadd's life: fork a child for each request.</summary>
    private static int ServeRequests()
    {
        while (true)
        {
            s_wanted.WaitEvent(0, static _ => !s_requests.IsEmpty, TaskState.Idle);
            KernelThreadState? state;
            using (s_lock.Acquire())
                state = s_requests.RemoveFirst();
            if (state is not null)
                Serve(state);
        }
    }

    private static void Serve(KernelThreadState state)
    {
        var result = Task.Copy(new CloneArguments { Flags = Clone.CLONE_FS }, state);
        if (result.TryGet(out var task))
        {
            Span<byte> name = state.Name;
            task.SetName(name.Slice(0, state.NameLength));
            state.Task = task;
        }

        state.Error = result.Error;
        Volatile.Write(ref state.Done, 1);
        state.Wait.WakeUpAll();
    }

    /// <summary>The body of every kernel thread, called on its own stack. Returns only for one that became a user process.</summary>
    internal static void RunBody(KernelThreadState state)
    {
        if (ShouldPark)
            ParkHere();
        var code = ShouldStop ? -(int)Errno.EINTR : state.Function!(state.Argument);
        if (Task.Current.ThreadState is not null)
            Exit(code);
    }

    /// <summary>Ends the calling kernel thread; <see cref="Stop"/> returns <paramref name="code"/>. Does not return.</summary>
    [DoesNotReturn]
    public static void Exit(int code)
    {
        var state = Task.Current.ThreadState!;
        state.ExitCode = code;
        state.Ended.CompleteAll();
        state.Parked.CompleteAll(); // whoever waits for it to park has waited long enough
        Task.ExitCurrent(0);
        Observe.Invariant.Fail("a kernel thread that has ended goes on");
    }

    /// <summary>The task object goes back to its pool: so does what it had as a kernel thread.</summary>
    internal static void Release(KernelThreadState state) => s_pool.Give(state);

    /// <summary>The current thread stops being a kernel thread: its function's return leads to user mode.</summary>
    internal static void BecomeUserProcess()
    {
        if (Task.Current.ThreadState is not { } state)
            return;
        Task.Current.ThreadState = null;
        s_pool.Give(state);
    }
}
