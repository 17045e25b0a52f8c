// A broken invariant in kernel code: report it, end the task where that is possible, else panic.
// A task in plain process context that holds no lock can be ended and the rest goes on; in interrupts, with preemption off, in
// idle or in init it cannot. Context: any; does not return. Linux: die(), oops_end().
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Tasks;
using Jiffy.Machine;

namespace Jiffy.Kernel.Observe;

public static class FaultReport
{
    public const int MaxDepth = 24;

    /// <summary>Panic on every kernel fault: /proc/sys/kernel/panic_on_oops.</summary>
    public static bool PanicOnFault;

    /// <summary>Faults survived since boot.</summary>
    public static int Count { get; private set; }

    public static void Init(bool panicOnFault)
    {
        PanicOnFault = panicOnFault;
        Count = 0;
    }

    public static void Handle(KernelFaultKind kind, ulong address, ref KernelRegisters registers)
    {
        var current = Task.Current;
        Count++;
        var oldLevel = KernelLog.ConsoleLevel;
        KernelLog.ConsoleLevel = (int)LogLevel.Debug;
        KernelLog.Write(LogLevel.Alert, $"kernel fault: {NameOf(kind)}, address {address:x}");
        PrintWho();
        PrintRegisters(ref registers);
        Span<ulong> addresses = stackalloc ulong[MaxDepth];
        PrintStack(addresses.Slice(0, Backtrace.Walk(ref registers, addresses)));
        KernelLog.ConsoleLevel = oldLevel;
        if (!CanEnd(current, kind))
            Panic.StopAfterReport("fault that no single task can be ended for");
        Cpu.EnableInterrupts();
        current.PreemptCount = 0;
        Task.ExitGroup(SignalNumber.SIGKILL);
    }

    private static bool CanEnd(Task current, KernelFaultKind kind)
    {
        if (PanicOnFault || current.Id == 0 || current.Group == TaskTree.Init || current.IsExiting)
            return false;
        if (kind is KernelFaultKind.DoubleFault or KernelFaultKind.StackOverflow or KernelFaultKind.MachineCheck)
            return false;
        return current.PreemptCount == 0;
    }

    public static void PrintWho()
    {
        var current = Task.Current;
        KernelLog.Write(LogLevel.Alert, $"CPU {Cpu.Id}, task {current.Name} (pid {current.Id}), preempt count {current.PreemptCount:x}");
    }

    private static void PrintRegisters(ref KernelRegisters r)
    {
        KernelLog.Write(LogLevel.Alert, $"rip {r.Rip:x16} rsp {r.Rsp:x16} flags {r.Rflags:x} error {r.Error:x}");
        KernelLog.Write(LogLevel.Alert, $"rax {r.Rax:x16} rbx {r.Rbx:x16} rcx {r.Rcx:x16} rdx {r.Rdx:x16}");
        KernelLog.Write(LogLevel.Alert, $"rsi {r.Rsi:x16} rdi {r.Rdi:x16} rbp {r.Rbp:x16} r8  {r.R8:x16}");
        KernelLog.Write(LogLevel.Alert, $"r9  {r.R9:x16} r10 {r.R10:x16} r11 {r.R11:x16} r12 {r.R12:x16}");
        KernelLog.Write(LogLevel.Alert, $"r13 {r.R13:x16} r14 {r.R14:x16} r15 {r.R15:x16}");
    }

    /// <summary>One line a frame: method+offset (file:line).</summary>
    public static void PrintStack(ReadOnlySpan<ulong> addresses)
    {
        KernelLog.Write(LogLevel.Alert, "call trace:"u8);
        for (var i = 0; i < addresses.Length; i++)
        {
            if (Backtrace.TryDescribe(addresses[i], out var where))
                KernelLog.Write(LogLevel.Alert, $"  {where.Method}+{where.Offset:x} ({where.File}:{where.Line})");
            else
                KernelLog.Write(LogLevel.Alert, $"  {addresses[i]:x16}");
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
        KernelFaultKind.DoubleFault => "double fault",
        KernelFaultKind.MachineCheck => "machine check",
        KernelFaultKind.InvalidOpcode => "invalid opcode",
        KernelFaultKind.GeneralProtection => "general protection",
        _ => "other",
    };
}
