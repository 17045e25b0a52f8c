// A file that makes the kernel do something to itself: what is written, "NAME [KEY=NUMBER]...", runs in a kernel thread, and the write
// returns when it is done; reading gives its report, and before the first run the list of names. The superuser's, and there only when the
// kernel command line says so. Context: process, may sleep. Lock: _busy lets one run at a time; it guards report and list.
// Linux: the test modules under /sys/kernel/debug and KUnit's run file.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Files.Proc;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Sync;
using Jiffy.Kernel.Tasks;
using Jiffy.Kernel.Wait;

namespace Jiffy.Kernel.SelfTests;

public sealed class DriverFile : FileOperations
{
    private const int MostDrivers = 64;

    private readonly Driver[] _drivers = new Driver[MostDrivers];
    private readonly Report _report;
    private readonly Completion _done = new();
    private Mutex<Rank> _busy;
    private Driver? _chosen;
    private int _count;

    private readonly struct Rank : ILockRank
    {
        static LockRank ILockRank.Rank => LockRank.SelfTest;
    }

    private DriverFile(Report report) => _report = report;

    /// <summary>Nobody seeks in it, so no lock of the file's is held while a test runs.</summary>
    public override bool IsSeekable => false;

    /// <summary>Makes a file of this kind; null when there is no memory. Boot.</summary>
    public static DriverFile? Create()
    {
        var report = Report.Create();
        return report is null ? null : new DriverFile(report);
    }

    /// <summary>Adds something to run. Boot.</summary>
    public void Add(string name, string cpus, string shows, Action<Report> run) => _drivers[_count++] = new Driver(name, cpus, shows, run);

    public override Errno Open(OpenFile file) => Task.Current.Credentials.Has(Capability.CAP_SYS_ADMIN) ? Errno.None : Errno.EPERM;

    public override Result<int> Read(OpenFile file, ref IoBuffer to, ref long position)
    {
        using (_busy.Acquire())
        {
            if (_chosen is null)
                List();
            var copied = _report.Text.CopyTo(ref to, file.PrivateNumber);
            file.PrivateNumber += copied;
            return copied == 0 && to.HasFaulted ? Errno.EFAULT : copied;
        }
    }

    /// <summary>Runs what is named. EINVAL: nothing has that name.</summary>
    public override Result<int> Write(OpenFile file, ref IoBuffer from, ref long position)
    {
        Span<byte> text = stackalloc byte[Report.LongestRequest];
        var count = from.CopyTo(text);
        if (from.HasFaulted)
            return Errno.EFAULT;
        if (from.Remaining > 0)
            return Errno.EINVAL;
        var error = Run(TextParsing.Line(text.Slice(0, count)));
        return error == Errno.None ? count : error;
    }

    private Errno Run(ReadOnlySpan<byte> request)
    {
        var end = request.IndexOf((byte)' ');
        var name = end < 0 ? request : request.Slice(0, end);
        using (_busy.Acquire())
        {
            _chosen = Find(name);
            if (_chosen is null)
                return name.SequenceEqual("list"u8) ? Errno.None : Errno.EINVAL;
            _report.Begin(end < 0 ? default : request.Slice(end));
            _done.Reset();
            var thread = KernelThread.Run(name, static file => ((DriverFile)file!).RunChosen(), this);
            if (!thread.IsOk)
                return thread.Error;
            return _done.Wait(TaskState.Uninterruptible | TaskState.Freezable);
        }
    }

    // The thread's own life: nothing of this file may be touched after the completion.
    private int RunChosen()
    {
        _chosen!.Run(_report);
        _report.End();
        _done.Complete();
        return 0;
    }

    private Driver? Find(ReadOnlySpan<byte> name)
    {
        for (var i = 0; i < _count; i++)
        {
            if (TextParsing.IsSame(_drivers[i].Name, name))
                return _drivers[i];
        }

        return null;
    }

    private void List()
    {
        _report.Begin(default);
        for (var i = 0; i < _count; i++)
            _report.Text.Append($"{_drivers[i].Name,-24} {_drivers[i].Cpus,-6} {_drivers[i].Shows}\n");
    }
}
