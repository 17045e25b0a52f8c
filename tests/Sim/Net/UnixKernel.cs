// Sockets on the simulated machine: kernels with as much below them as a test needs, and calls that are short to write. Whatever a test does, no
// socket, message or set of files may be left.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Net;
using Jiffy.Kernel.Structures;
using Jiffy.Machine.Sim;
using Jiffy.Tests.Sim.Files;
using Jiffy.Tests.Sim.Kernel;

namespace Jiffy.Tests.Sim.Net;

internal static class UnixKernel
{
    /// <summary>Runs tasks that <paramref name="spawn"/> makes, without files, and with a mistake switched on.</summary>
    public static void Run(SimMachine machine, UnixFault fault, Action<SchedulerKernel> spawn) =>
        Run(machine, fault, new SchedulerKernel(machine) { OnBoot = Init }, spawn);

    /// <summary>The same with files.</summary>
    public static void RunWithFiles(SimMachine machine, UnixFault fault, Action<SchedulerKernel> spawn)
    {
        var kernel = FilesKernel.Start(machine);
        kernel.OnBoot += SocketFileSystem.Init;
        kernel.OnBoot += Init;
        Run(machine, fault, kernel, spawn);
    }

    public static ReadOnlySpan<byte> Name => "\0name"u8;

    /// <summary>A listener that is made without sleeping.</summary>
    public static UnixSocket Listener(int type, int backlog)
    {
        var listener = UnixSocket.Create(type)!;
        UnixNames.Enter(listener, Name);
        listener.Listen(backlog);
        return listener;
    }

    /// <summary>Bytes received, or minus the error; <paramref name="deadline"/> zero: not waiting.</summary>
    public static int Receive(UnixSocket socket, Span<byte> to, long deadline = long.MaxValue, int flags = 0) => Receive(socket, to, out _, deadline, flags);

    public static int Receive(UnixSocket socket, Span<byte> to, out UnixRights? rights, long deadline = long.MaxValue, int flags = 0)
    {
        var buffer = new IoBuffer(to);
        var call = new UnixReceive { Deadline = deadline, Flags = flags };
        var result = socket.Receive(ref buffer, ref call);
        rights = call.Rights;
        return result.IsOk ? result.Value : -(int)result.Error;
    }

    /// <summary>Bytes sent, or minus the error.</summary>
    public static int Send(UnixSocket socket, ReadOnlySpan<byte> from, long deadline = long.MaxValue, UnixRights? rights = null, bool toName = false)
    {
        var buffer = new IoBuffer(from);
        var call = new UnixSend { Deadline = deadline, Flags = SocketConstants.MSG_NOSIGNAL, Rights = rights, HasTo = toName, To = Name };
        var result = socket.Send(ref buffer, ref call);
        call.Rights?.Drop();
        return result.IsOk ? result.Value : -(int)result.Error;
    }

    /// <summary>A set with one file, whose use is taken over. Null: out of memory; then the file is still the caller's.</summary>
    public static UnixRights? RightsFor(OpenFile file)
    {
        var rights = UnixRights.Create();
        rights?.Add(file);
        return rights;
    }

    public static void CheckNothingLeft(SimMachine machine)
    {
        if (UnixSocket.Pool.Used != 0)
            machine.Fail($"{UnixSocket.Pool.Used} sockets are left");
        if (UnixMessage.SmallPool.Used != 0 || UnixMessage.MiddlePool.Used != 0)
            machine.Fail("messages are left");
        if (UnixRights.Pool.Used != 0)
            machine.Fail($"{UnixRights.Pool.Used} sets of files are left");
    }

    private static void Init() => UnixSocket.Init(64, 256);

    private static void Run(SimMachine machine, UnixFault fault, SchedulerKernel kernel, Action<SchedulerKernel> spawn)
    {
        UnixFaults.Set(fault);
        try
        {
            spawn(kernel);
            kernel.RunAll();
            CheckNothingLeft(machine);
        }
        finally
        {
            UnixFaults.Set(UnixFault.None);
        }
    }
}
