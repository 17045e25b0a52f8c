// Members of the machine contract that X64 does not have yet. Each leaves when its real body is written; the file goes with the last.
using System;
using Internal.Runtime;

namespace Jiffy.Machine;

public static partial class BootInfo
{
    public static partial ReadOnlySpan<byte> CommandLine => throw Pending.Stop();
    public static partial ReadOnlySpan<byte> Ramdisk => throw Pending.Stop();
    public static partial FrameRange ReleaseRamdisk() => throw Pending.Stop();
    public static partial int TotalFrames => throw Pending.Stop();
    public static partial ReadOnlySpan<byte> ProcessorVendor => throw Pending.Stop();
    public static partial ReadOnlySpan<byte> ProcessorName => throw Pending.Stop();
    public static partial int ProcessorFamily => throw Pending.Stop();
    public static partial int ProcessorModel => throw Pending.Stop();
    public static partial int ProcessorStepping => throw Pending.Stop();
    public static partial ulong ProcessorFeatures => throw Pending.Stop();
}

public static partial class Clock
{
    public static partial long Now => throw Pending.Stop();
    public static partial long RealTimeAtStart => throw Pending.Stop();
    public static partial void SetAlarm(long deadline) => throw Pending.Stop();
    public static partial ulong Cycles => throw Pending.Stop();
    public static partial long CyclesPerSecond => throw Pending.Stop();
}

public static partial class Cpu
{
    public static partial int Id => throw Pending.Stop();
    public static partial int Count => throw Pending.Stop();
    public static partial TaskContext Current => throw Pending.Stop();
    public static partial bool InterruptsOn => throw Pending.Stop();
    public static partial bool DisableInterrupts() => throw Pending.Stop();
    public static partial void RestoreInterrupts(bool wereOn) => throw Pending.Stop();
    public static partial void EnableInterrupts() => throw Pending.Stop();
    public static partial void Relax() => throw Pending.Stop();
    public static partial void Interleave() => throw Pending.Stop();
    public static partial void WaitForInterrupt() => throw Pending.Stop();
    public static partial void StartOthers() => throw Pending.Stop();
    public static partial void SendReschedule(int cpu) => throw Pending.Stop();
    public static partial void SendCall(int cpu) => throw Pending.Stop();
    public static partial void StopOthers() => throw Pending.Stop();
}

public static partial class InterruptLines
{
    public static partial void Enable(InterruptLine line) => throw Pending.Stop();
    public static partial void Disable(InterruptLine line) => throw Pending.Stop();
}

public static partial class SerialPort
{
    public static partial int Write(ReadOnlySpan<byte> bytes) => throw Pending.Stop();
    public static partial void WritePolled(ReadOnlySpan<byte> bytes) => throw Pending.Stop();
    public static partial bool TryRead(out byte value) => throw Pending.Stop();
    public static partial void EnableReceive() => throw Pending.Stop();
    public static partial void EnableTransmit(bool on) => throw Pending.Stop();
}

public static partial class Entropy
{
    public static partial ulong Next() => throw Pending.Stop();
}

public static partial class Power
{
    public static partial void Off(int exitStatus) => throw Pending.Stop();
    public static partial void Reset() => throw Pending.Stop();
    public static partial void Panicked() => throw Pending.Stop();
}

public static partial class Frames
{
    public static partial int Limit => throw Pending.Stop();
    public static partial int FreeRangeCount => throw Pending.Stop();
    public static partial FrameRange FreeRange(int index) => throw Pending.Stop();
    public static partial Span<byte> Bytes(FrameNumber frame) => throw Pending.Stop();
    public static partial Span<byte> Bytes(FrameNumber first, int count) => throw Pending.Stop();
    public static partial void Clear(FrameNumber frame) => throw Pending.Stop();
    public static partial void Copy(FrameNumber from, FrameNumber to) => throw Pending.Stop();
}

public static partial class ObjectHeap
{
    public static partial bool TryReserve(int bytes) => throw Pending.Stop();
    public static partial long Used => throw Pending.Stop();
}

public readonly partial struct PageTable
{
    public static partial bool TryCreate(out PageTable table) => throw Pending.Stop();
    public partial void Destroy() => throw Pending.Stop();
    public partial void Activate() => throw Pending.Stop();
    public partial PageEntry Read(ulong address) => throw Pending.Stop();
    public partial bool TryWrite(ulong address, PageEntry entry) => throw Pending.Stop();
    public partial bool TryFindPresent(ref ulong address, ulong end, out PageEntry entry) => throw Pending.Stop();
    public partial PageEntry Exchange(ulong address, PageEntry entry) => throw Pending.Stop();
    public partial void Flush(CpuSet cpus, ulong start, ulong end) => throw Pending.Stop();
}

public abstract partial class TaskContext
{
    public partial ref UserRegisters User => throw Pending.Stop();
    public partial bool HasStack => throw Pending.Stop();
    public partial bool TryCreateStack() => throw Pending.Stop();
    public partial void FreeStack() => throw Pending.Stop();
    public partial void PrepareStart() => throw Pending.Stop();
    public partial void CopyUserStateFrom(TaskContext parent) => throw Pending.Stop();
    public partial void ResetUserState() => throw Pending.Stop();
    public static partial void SaveVectorState(Span<byte> to) => throw Pending.Stop();
    public static partial void LoadVectorState(ReadOnlySpan<byte> from) => throw Pending.Stop();
    public partial void LoadUserSegments() => throw Pending.Stop();
    public static partial TaskContext Switch(TaskContext from, TaskContext to) => throw Pending.Stop();
    public partial bool IsStackOverflow(ulong address) => throw Pending.Stop();
}

public static partial class UserMemory
{
    public static partial bool TryRead(ulong from, Span<byte> to) => throw Pending.Stop();
    public static partial bool TryWrite(ulong to, ReadOnlySpan<byte> from) => throw Pending.Stop();
    public static partial bool TryClear(ulong to, ulong count) => throw Pending.Stop();
    public static partial int ReadString(ulong from, Span<byte> to) => throw Pending.Stop();
    public static partial bool TryReadAtomic(ulong from, out uint value) => throw Pending.Stop();
    public static partial bool TryCompareExchange(ulong at, uint value, uint expected, out uint previous) => throw Pending.Stop();
}

internal static class Pending
{
    internal static Exception Stop()
    {
        FaultHook.Raise(FaultKind.Unsupported, "a member of the machine contract that is not written yet");
        return null!;
    }
}
