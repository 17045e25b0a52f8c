// The right to run: exactly one host thread of a machine holds it. Giving it wakes one thread, taking it sleeps.
// A futex where there is one: it costs a third of what the framework's events cost when giver and taker share a core.
using System;
using System.Runtime.InteropServices;
using System.Threading;

namespace Jiffy.Machine.Sim;

internal sealed class Baton
{
    private const int FutexWaitPrivate = 128, FutexWakePrivate = 129;

    private static readonly nint s_futexCall = FutexCallNumber();

    // Pinned, because the host kernel keys sleepers by address.
    private readonly int[] _given = GC.AllocateArray<int>(1, pinned: true);
    private readonly SemaphoreSlim? _fallback = s_futexCall == 0 ? new SemaphoreSlim(0) : null;

    /// <summary>Lets the thread that takes, or will take, this baton go on.</summary>
    public void Give()
    {
        if (_fallback is not null)
        {
            _fallback.Release();
            return;
        }
        Volatile.Write(ref _given[0], 1);
        Futex(s_futexCall, ref _given[0], FutexWakePrivate, 1, 0, 0, 0);
    }

    /// <summary>Sleeps until the baton is given, and takes it.</summary>
    public void Take()
    {
        if (_fallback is not null)
        {
            _fallback.Wait();
            return;
        }
        while (Interlocked.Exchange(ref _given[0], 0) == 0)
            Futex(s_futexCall, ref _given[0], FutexWaitPrivate, 0, 0, 0, 0);
    }

    private static nint FutexCallNumber()
    {
        if (!OperatingSystem.IsLinux())
            return 0;
        return RuntimeInformation.ProcessArchitecture switch
        {
            Architecture.X64 => 202,
            Architecture.Arm64 => 98,
            _ => 0,
        };
    }

    [DllImport("libc", EntryPoint = "syscall")]
    private static extern nint Futex(nint number, ref int word, nint operation, nint value, nint timeout, nint word2, nint value3);
}
