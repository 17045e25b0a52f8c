// A broken invariant in kernel code: report it, end the task where that is possible, else panic. docs/decisions/0004-kernel-faults.md.
// A task in plain process context that holds no lock can be ended and the rest goes on; what stands in the way is in FaultVerdict.
// One CPU reports at a time; a fault in the report itself ends the machine with one more line, and a fault in that without.
// Context: any; does not return. Locks: s_reporter, taken with interrupts off and by no code but this. Linux: die(), oops_begin(), oops_end().
using System;
using System.Threading;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Observe;

public static class FaultReport
{
    public const int MaxDepth = 24;

    private const ulong InterruptFlag = 1 << 9;

    /// <summary>Panic on every kernel fault: /proc/sys/kernel/panic_on_oops.</summary>
    public static bool PanicOnFault;

    /// <summary>Number of the CPU that reports, plus one; zero: none.</summary>
    private static int s_reporter;

    private static int s_faultsInReport;
    private static int s_notices;

    /// <summary>Faults since boot: /sys/kernel/oops_count.</summary>
    public static int Count { get; private set; }

    public static void Init(bool panicOnFault)
    {
        PanicOnFault = panicOnFault;
        Count = 0;
        s_reporter = 0;
        s_faultsInReport = 0;
        s_notices = 0;
    }

    /// <summary>True in code that prints a report on this CPU: it must not wait for locks, since the faulting code may hold them.</summary>
    public static bool IsReportingHere => Volatile.Read(ref s_reporter) == Cpu.Id + 1;

    /// <summary>Reports a fault; ends the running task or the machine. Does not return.</summary>
    public static void Handle(KernelFaultKind kind, ulong address, ref KernelRegisters registers)
    {
        Cpu.DisableInterrupts();
        var current = Cpu.Current as Task; // early at boot there is none
        if (IsReportingHere || Panic.IsTellingHere)
            EndAtOnce(kind);
        Begin(current);
        Print(kind, address, current, ref registers);
        var obstacle = FaultVerdict.WhyPanic(current, kind, (registers.Rflags & InterruptFlag) != 0);
        if (obstacle is not null || current is null)
            Panic.StopAfterReport(obstacle ?? "fault");
        else
            EndTask(current);
    }

    /// <summary>
    /// Begins a report about something that need not be a fault: until <see cref="EndNotice"/> the log's locks are waited for with bounded patience,
    /// because another CPU may be stuck with them. Interrupts off. False: another report is under way.
    /// </summary>
    internal static bool TryBeginNotice() => Interlocked.CompareExchange(ref s_reporter, Cpu.Id + 1, 0) == 0;

    internal static void EndNotice()
    {
        Volatile.Write(ref s_reporter, 0);
        Interlocked.Increment(ref s_notices);
    }

    /// <summary>Reports so far that were not about faults.</summary>
    internal static int Notices => Volatile.Read(ref s_notices);

    private static void Begin(Task? current)
    {
        while (Interlocked.CompareExchange(ref s_reporter, Cpu.Id + 1, 0) != 0)
            Cpu.Relax();
        ReportLock.Begin();
        Count++;
        if (current is not null)
            current.SkipsLockChecks = true; // the report takes its locks in whatever state the fault left
    }

    // What the task did is left as it stands: memory and files go back, the rest of a half-done call does not.
    private static void EndTask(Task current)
    {
        KernelLog.Write(LogLevel.Alert, $"{current.Name}[{current.Id}] is ended; all else goes on");
        Volatile.Write(ref s_reporter, 0);
        current.SkipsLockChecks = false;
        current.SetStateRelaxed(TaskState.Running);
        Cpu.EnableInterrupts();
        KernelLog.WakeWaitingReaders();
        Task.ExitGroup(SignalNumber.SIGKILL);
    }

    private static void EndAtOnce(KernelFaultKind kind)
    {
        if (s_faultsInReport++ != 0)
            Power.Panicked();
        var line = default(LogMessage);
        line.AppendLiteral("Kernel panic - not syncing: another fault during the report: ");
        line.AppendFormatted(NameOf(kind));
        KernelConsole.WriteLine(default, line.Text);
        Power.Panicked();
    }

    private static void Print(KernelFaultKind kind, ulong address, Task? current, ref KernelRegisters registers)
    {
        if (kind == KernelFaultKind.Assertion && Invariant.LastBroken is { } broken)
            KernelLog.Write(LogLevel.Alert, $"kernel fault: {NameOf(kind)}: {broken}");
        else
            KernelLog.Write(LogLevel.Alert, $"kernel fault: {NameOf(kind)}, address {address:x}");
        LockReport.Tell();
        PrintWho(current);
        Provoke.InReport();
        Span<ulong> addresses = stackalloc ulong[MaxDepth];
        int count;
        if (registers.Cs != 0)
            PrintRegisters(ref registers); // else not from the processor: nothing in them but what a stack walk needs
        if (registers.Rip != 0)
            count = Backtrace.Walk(ref registers, addresses);
        else
            count = Backtrace.WalkHere(addresses);
        PrintStack(addresses.Slice(0, count));
    }

    internal static void PrintWho(Task? current)
    {
        if (current is null)
        {
            KernelLog.Write(LogLevel.Alert, $"CPU {Cpu.Id}, no task yet");
            return;
        }

        KernelLog.Write(LogLevel.Alert, $"CPU {Cpu.Id}, task {current.Name} (pid {current.Id}), preempt count {current.PreemptCount:x}, sleeping locks {current.SleepingLocks}");
    }

    private static void PrintRegisters(ref KernelRegisters r)
    {
        KernelLog.Write(LogLevel.Alert, $"rip {r.Rip:x16} rsp {r.Rsp:x16} flags {r.Rflags:x} error {r.Error:x}");
        KernelLog.Write(LogLevel.Alert, $"rax {r.Rax:x16} rbx {r.Rbx:x16} rcx {r.Rcx:x16} rdx {r.Rdx:x16}");
        KernelLog.Write(LogLevel.Alert, $"rsi {r.Rsi:x16} rdi {r.Rdi:x16} rbp {r.Rbp:x16} r8  {r.R8:x16}");
        KernelLog.Write(LogLevel.Alert, $"r9  {r.R9:x16} r10 {r.R10:x16} r11 {r.R11:x16} r12 {r.R12:x16}");
        KernelLog.Write(LogLevel.Alert, $"r13 {r.R13:x16} r14 {r.R14:x16} r15 {r.R15:x16}");
    }

    /// <summary>One line a frame: method+offset (file:line). A place that called itself stands once.</summary>
    internal static void PrintStack(ReadOnlySpan<ulong> addresses, LogLevel level = LogLevel.Alert)
    {
        KernelLog.Write(level, "call trace:"u8);
        var repeated = 0;
        for (var i = 0; i < addresses.Length; i++)
        {
            repeated = i != 0 && addresses[i] == addresses[i - 1] ? repeated + 1 : 0;
            if (repeated != 0)
            {
                if (i + 1 == addresses.Length || addresses[i + 1] != addresses[i])
                    KernelLog.Write(level, $"  ... {repeated} more of the same");
                continue;
            }

            if (Backtrace.TryDescribe(addresses[i], out var where))
                KernelLog.Write(level, $"  {where.Method}+{where.Offset:x} ({where.File}:{where.Line})");
            else
                KernelLog.Write(level, $"  {addresses[i]:x16}");
        }
    }

    private static string NameOf(KernelFaultKind kind) => kind switch
    {
        KernelFaultKind.NullReference => "null reference",
        KernelFaultKind.IndexOutOfRange => "index out of range",
        KernelFaultKind.DivideByZero => "divide by zero",
        KernelFaultKind.Overflow => "arithmetic overflow",
        KernelFaultKind.InvalidCast => "invalid cast",
        KernelFaultKind.ArrayTypeMismatch => "array type mismatch",
        KernelFaultKind.OutOfHeap => "object heap exhausted",
        KernelFaultKind.Assertion => "assertion failed",
        KernelFaultKind.BadAddress => "bad address",
        KernelFaultKind.StackOverflow => "kernel stack overflow",
        KernelFaultKind.InterruptStackOverflow => "interrupt stack overflow",
        KernelFaultKind.DoubleFault => "double fault",
        KernelFaultKind.MachineCheck => "machine check",
        KernelFaultKind.InvalidOpcode => "invalid opcode",
        KernelFaultKind.GeneralProtection => "general protection",
        _ => "other",
    };
}
