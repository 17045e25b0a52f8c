// RCU under torture: a few places show versions; readers in threads and interrupts look at one for a while, writers replace it and free the old one
// after a grace period, which they wait for or leave to a callback. A version that is freed counts its life on: a reader must not see that.
// Guards: a version belongs to who took it from the free ones, until it is shown; places are exchanged atomically. Linux: rcutorture.
using System;
using System.Threading;
using Jiffy.Kernel.Sync;

namespace Jiffy.Kernel.SelfTests;

internal static class TorturedRcu
{
    private const int Places = 4, Versions = 64;
    private const int Free = 0, Shown = 1, Old = 2;

    private sealed class Version
    {
        public readonly RcuCallback Callback;
        public int State, Life;

        public Version() => Callback = new RcuCallback(static version => ((Version)version!).FreeByCallback(), this);

        private void FreeByCallback()
        {
            Interlocked.Increment(ref s_callbacks);
            End();
        }

        public void End()
        {
            Torture.That(State == Old, "a version is freed that is shown");
            Volatile.Write(ref Life, Life + 1);
            Volatile.Write(ref State, Free);
        }
    }

    private static Version[] s_versions = null!;
    private static Version?[] s_places = null!;
    private static int s_next;
    private static long s_reads, s_waits, s_calls, s_callbacks, s_hurries;

    public static void Init()
    {
        s_versions = new Version[Versions];
        for (var i = 0; i < Versions; i++)
            s_versions[i] = new Version();
        s_places = new Version?[Places];
    }

    public static void Begin()
    {
        s_reads = 0;
        s_waits = 0;
        s_calls = 0;
        s_callbacks = 0;
        s_hurries = 0;
    }

    public static void Step(ref TortureRandom random)
    {
        switch (random.Below(16))
        {
            case 0:
                Replace(random.Below(Places), waits: true, hurries: random.Below(4) == 0);
                break;
            case 1 or 2 or 3:
                Replace(random.Below(Places), waits: false, hurries: false);
                break;
            case 4 when random.Below(8) == 0:
                Rcu.Barrier();
                break;
            default:
                Read(random.Below(Places), random.Below(30_000));
                break;
        }
    }

    /// <summary>Looks for a while. Any context.</summary>
    public static void Read(int place, long time)
    {
        Interlocked.Increment(ref s_reads);
        using (Rcu.Read())
        {
            if (Rcu.Look(ref s_places[place]) is not { } version)
                return;
            var life = Volatile.Read(ref version.Life);
            Torture.That(Volatile.Read(ref version.State) != Free, "a free version is shown");
            Helper.Spin(time);
            Torture.That(Volatile.Read(ref version.Life) == life && Volatile.Read(ref version.State) != Free, "a version was freed under its reader");
        }
    }

    private static void Replace(int place, bool waits, bool hurries)
    {
        if (Take() is not { } version)
            return;
        if (Interlocked.Exchange(ref s_places[place], version) is not { } old)
            return;
        Volatile.Write(ref old.State, Old);
        if (!waits)
        {
            Interlocked.Increment(ref s_calls);
            Rcu.Call(old.Callback);
            return;
        }

        if (hurries)
        {
            Interlocked.Increment(ref s_hurries);
            Rcu.SynchronizeExpedited();
        }
        else
        {
            Interlocked.Increment(ref s_waits);
            Rcu.Synchronize();
        }

        old.End();
    }

    // A free version, if one is soon found.
    private static Version? Take()
    {
        for (var i = 0; i < Versions; i++)
        {
            var version = s_versions[(uint)Interlocked.Increment(ref s_next) % Versions];
            if (Interlocked.CompareExchange(ref version.State, Shown, Free) == Free)
                return version;
        }

        return null;
    }

    /// <summary>All threads have ended.</summary>
    public static void Settle()
    {
        Rcu.Barrier();
        Torture.That(s_callbacks == s_calls, "callbacks of RCU were lost, or came twice");
        foreach (var version in s_versions.AsSpan())
            Torture.That(version.State != Old, "a version was never freed");
    }

    public static void Tell(Report report)
    {
        report.Text.Append($"# rcu: {s_reads} read, {s_waits} waited for, {s_hurries} in a hurry, {s_callbacks} freed by callbacks, {Rcu.Ended} grace periods so far\n");
        report.AtLeast(s_reads, 1, "readers of RCU");
        report.AtLeast(s_callbacks, 1, "callbacks of RCU");
    }
}
