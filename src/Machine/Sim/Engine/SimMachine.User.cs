// User mode: the program's steps, with the doors into the kernel that the hardware has.
using System;

namespace Jiffy.Machine.Sim;

public sealed partial class SimMachine
{
    /// <summary>Goes to user mode with the context's registers; comes back only by being unwound.</summary>
    private void RunUserMode(Fiber fiber)
    {
        var context = fiber.Context;
        var user = new SimUser(this, context);
        fiber.Cpu.InterruptsOn = false;
        while (true)
        {
            EnterUser(fiber);
            Step(fiber, PointKind.User, (long)context.User.Rip & 0xffff);
            try
            {
                RunStep(fiber, user);
            }
            catch (StepAgain)
            {
            }
            LeaveUser(fiber);
        }
    }

    private void EnterUser(Fiber fiber)
    {
        CheckFlushed(fiber.Context);
        fiber.Context.IsInUserMode = true;
        fiber.Cpu.InterruptsOn = true;
    }

    private static void LeaveUser(Fiber fiber)
    {
        fiber.Context.IsInUserMode = false;
        fiber.Cpu.InterruptsOn = false;
    }

    private void RunStep(Fiber fiber, SimUser user)
    {
        var context = fiber.Context;
        ref var registers = ref context.User;
        if (!CanFetch(fiber, registers.Rip))
            return;
        var program = SimPrograms.Find(registers.Rip, out var step);
        if (program is null)
        {
            RaiseException(fiber, UserException.InvalidOpcode, registers.Rip);
            return;
        }
        user.Step = step;
        user.Base = registers.Rip - (ulong)(step * SimPrograms.StepBytes);
        user.HasCall = false;
        user.NextRip = registers.Rip + SimPrograms.StepBytes;
        context.StepStart = (registers.Rip, registers.Rsp);
        program.Step(user);
        registers.Rip = user.NextRip;
        if (user.HasCall)
            CallKernel(fiber);
    }

    private void CallKernel(Fiber fiber)
    {
        ref var registers = ref fiber.Context.User;
        registers.OriginalRax = (long)registers.Rax;
        registers.Rcx = registers.Rip;
        registers.R11 = registers.Rflags;
        fiber.Context.IsInUserMode = false;
        fiber.Cpu.InterruptsOn = true;
        KernelEntry.Instance.SystemCall(ref registers);
        PrepareReturn(fiber);
        registers.OriginalRax = -1;
    }

    private static void PrepareReturn(Fiber fiber)
    {
        fiber.Cpu.InterruptsOn = false;
        KernelEntry.Instance.ReturnToUser(ref fiber.Context.User);
    }

    private void RaiseException(Fiber fiber, UserException kind, ulong address)
    {
        fiber.Context.IsInUserMode = false;
        fiber.Context.User.OriginalRax = -1;
        fiber.Cpu.InterruptsOn = true;
        KernelEntry.Instance.RaiseUserException(kind, address, ref fiber.Context.User);
        PrepareReturn(fiber);
    }

    private bool CanFetch(Fiber fiber, ulong address)
    {
        if (RefusesAddress(fiber, address))
            return false;
        if (TryTranslate(address, FaultAccess.Execute, out _, out var wasPresent))
            return true;
        FaultFromUser(fiber, address, FaultAccess.Execute, wasPresent);
        return false;
    }

    /// <summary>Addresses above the user's part: a page fault for the kernel's own, an exception for those that are none. True: handled.</summary>
    private bool RefusesAddress(Fiber fiber, ulong address)
    {
        if (address < UserMemory.Limit)
            return false;
        if ((long)address << 16 >> 16 == (long)address)
            FaultFromUser(fiber, address, FaultAccess.Read, wasPresent: false);
        else
            RaiseException(fiber, UserException.GeneralProtection, address);
        return true;
    }

    /// <summary>Bytes for a load or store of a program's step. Leaves the step by exception when the kernel had to help.</summary>
    internal Span<byte> UserBytes(TaskContext context, ulong address, int count, FaultAccess access)
    {
        var fiber = context.Fiber!;
        Step(fiber, PointKind.User, 0);
        if (context.StepStart != (context.User.Rip, context.User.Rsp))
            throw StepAgain.Instance; // an interrupt came, and a signal with it
        var offset = (int)(address & (Frames.Size - 1));
        if (RefusesAddress(fiber, address))
            throw StepAgain.Instance;
        if (offset + count > Frames.Size)
            throw new InvalidOperationException($"a simulated program's access at {address:x} crosses a page");
        if (TryTranslate(address, access, out var frame, out var wasPresent))
            return Bytes(frame, 1).Slice(offset, count);
        FaultFromUser(fiber, address, access, wasPresent);
        throw StepAgain.Instance;
    }

    private void FaultFromUser(Fiber fiber, ulong address, FaultAccess access, bool wasPresent)
    {
        fiber.Context.IsInUserMode = false;
        fiber.Context.User.OriginalRax = -1;
        fiber.Cpu.InterruptsOn = true;
        if (!KernelEntry.Instance.PageFault(address, access, wasPresent, fromUser: true))
            Fail($"page fault of user code at {address:x} was refused: the kernel must raise a signal and say true");
        PrepareReturn(fiber);
    }
}
