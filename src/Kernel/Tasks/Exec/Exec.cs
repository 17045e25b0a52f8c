// Exec: the running task becomes another program. Everything that can be refused is checked first; past the point of no
// return (the other threads are gone, the old memory is dropped) a failure ends the process.
// Context: process; may sleep. Linux: do_execveat_common(), begin_new_exec(). man 2 execve.
using System;
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Files;
using Jiffy.Kernel.Memory;
using Jiffy.Kernel.Sched;
using Jiffy.Kernel.Structures;
using Jiffy.Machine;

namespace Jiffy.Kernel.Tasks.Exec;

public static class Exec
{
    public static void Init() => ExecArguments.Init();

    /// <summary>execveat: <paramref name="path"/> relative to <paramref name="directory"/>; vectors are user addresses.</summary>
    public static Errno Run(int directory, ReadOnlySpan<byte> path, ulong argv, ulong envp, int flags)
    {
        if (!ExecArguments.Pool.TryTake(out var arguments))
            return Errno.ENOMEM;
        arguments.Reset();
        var error = arguments.ReadVector(argv, environment: false);

        // A program may rely on argv[0]: Linux gives an empty one where there is none.
        if (error == Errno.None && arguments.ArgumentCount == 0)
            error = arguments.AddArgument(default);
        if (error == Errno.None)
            error = arguments.ReadVector(envp, environment: true);
        if (error == Errno.None)
            error = OpenAndRun(directory, path, ref arguments, flags);
        Give(arguments);
        return error;
    }

    /// <summary>The first program of a task that has none: kernel strings instead of user vectors.</summary>
    public static Errno RunFirst(ReadOnlySpan<byte> path)
    {
        if (!ExecArguments.Pool.TryTake(out var arguments))
            return Errno.ENOMEM;
        arguments.Reset();
        var error = arguments.AddArgument(path);
        if (error == Errno.None)
            error = arguments.AddEnvironment("HOME=/"u8);
        if (error == Errno.None)
            error = arguments.AddEnvironment("TERM=linux"u8);
        if (error == Errno.None)
            error = OpenAndRun(FileConstants.AT_FDCWD, path, ref arguments, 0);
        Give(arguments);
        return error;
    }

    private static void Give(ExecArguments arguments)
    {
        arguments.Free();
        ExecArguments.Pool.Give(arguments);
    }

    private static Errno OpenAndRun(int directory, ReadOnlySpan<byte> path, ref ExecArguments arguments, int flags)
    {
        var opened = PathLookup.OpenExecutable(directory, path, flags);
        if (!opened.TryGet(out var file))
            return opened.Error;
        var error = RunFile(ref file, path, path, ref arguments, depth: 0);
        file.Drop();
        return error;
    }

    /// <summary>Runs what <paramref name="path"/> led to; <paramref name="named"/> is the path that exec was asked for, a script's perhaps.</summary>
    private static Errno RunFile(ref OpenFile file, ReadOnlySpan<byte> path, ReadOnlySpan<byte> named, ref ExecArguments arguments, int depth)
    {
        Span<byte> start = stackalloc byte[Script.MaxLine];
        var got = file.ReadKernel(start, 0);
        if (!got.IsOk)
            return got.Error;
        start = start.Slice(0, got.Value);
        if (Script.IsScript(start))
            return RunScript(ref file, path, named, start, ref arguments, depth);
        var error = ElfLoader.Read(file, out var image);
        if (error != Errno.None)
            return error;
        OpenFile? interpreter = null;
        var interpreterImage = default(ElfImage);
        if (image.InterpreterLength != 0)
            error = OpenInterpreter(file, image, out interpreter, out interpreterImage);
        if (error == Errno.None)
            error = Replace(file, named, arguments, ref image, interpreter, ref interpreterImage);
        interpreter?.Drop();
        return error;
    }

    /// <summary>Puts interpreter, its argument and the script's path in place of argv[0] and starts over with the interpreter.</summary>
    private static Errno RunScript(ref OpenFile file, ReadOnlySpan<byte> path, ReadOnlySpan<byte> named, ReadOnlySpan<byte> start, ref ExecArguments arguments, int depth)
    {
        if (depth >= Script.MaxDepth)
            return Errno.ELOOP;
        var error = Script.Parse(start, out var interpreter, out var argument);
        if (error != Errno.None)
            return error;
        if (!ExecArguments.Pool.TryTake(out var changed))
            return Errno.ENOMEM;
        changed.Reset();
        error = changed.AddArgument(interpreter);
        if (error == Errno.None && argument.Length != 0)
            error = changed.AddArgument(argument);
        if (error == Errno.None)
            error = changed.AddArgument(path);
        if (error == Errno.None)
            error = arguments.CopyAllButFirst(changed);
        if (error != Errno.None)
        {
            Give(changed);
            return error;
        }

        Give(arguments);
        arguments = changed;
        var opened = PathLookup.OpenExecutable(FileConstants.AT_FDCWD, interpreter, 0);
        if (!opened.IsOk)
            return opened.Error;
        file.Drop();
        file = opened.Value;
        return RunFile(ref file, interpreter, named, ref arguments, depth + 1);
    }

    private static Errno OpenInterpreter(OpenFile file, in ElfImage image, out OpenFile? interpreter, out ElfImage interpreterImage)
    {
        interpreter = null;
        interpreterImage = default;
        if (!FrameAllocator.TryTake(out var frame))
            return Errno.ENOMEM;
        var opened = OpenNamed(file, image, Frames.Bytes(frame).Slice(0, image.InterpreterLength));
        FrameAllocator.Give(frame);
        if (!opened.IsOk)
            return opened.Error;
        interpreter = opened.Value;
        var error = ElfLoader.Read(interpreter, out interpreterImage);
        if (error == Errno.None)
            return Errno.None;
        interpreter.Drop();
        interpreter = null;
        return error == Errno.ENOEXEC ? Errno.ELIBBAD : error;
    }

    // The name in the file ends at the first zero; the last byte must be one.
    private static Result<OpenFile> OpenNamed(OpenFile file, in ElfImage image, Span<byte> name)
    {
        var got = file.ReadKernel(name, (long)image.InterpreterOffset);
        if (!got.IsOk)
            return got.Error;
        if (got.Value != name.Length)
            return Errno.EIO;
        if (name[name.Length - 1] != 0)
            return Errno.ENOEXEC;
        return PathLookup.OpenExecutable(FileConstants.AT_FDCWD, name.Slice(0, name.IndexOf((byte)0)), 0);
    }

    /// <summary>The change itself.</summary>
    private static Errno Replace(OpenFile file, ReadOnlySpan<byte> path, ExecArguments arguments, ref ElfImage image, OpenFile? interpreter, ref ElfImage interpreterImage)
    {
        var current = Task.Current;
        var created = AddressSpace.Create();
        if (!created.TryGet(out var space))
            return created.Error;

        // The shell's file name, before the old memory that may hold it is gone.
        Span<byte> kept = stackalloc byte[TaskName.Capacity];
        var name = Script.LastPart(path);
        name = name.Slice(0, Math.Min(name.Length, kept.Length));
        name.CopyTo(kept);
        var error = Task.BecomeOnlyThread();
        if (error != Errno.None)
        {
            space.Drop();
            return error;
        }

        // The other threads are gone: nobody is left to tell of a failure.
        if (current.UnshareForExec() != Errno.None)
        {
            space.Drop();
            Task.ExitGroup(SignalNumber.SIGKILL);
        }

        current.LeaveMemoryFor(space);
        current.SetName(kept.Slice(0, name.Length));
        current.BecomeProgram(file);
        error = Load(space, file, path, arguments, ref image, interpreter, ref interpreterImage);
        if (error != Errno.None)
            Task.ExitGroupLater(SignalNumber.SIGSEGV);
        return error;
    }

    private static Errno Load(AddressSpace space, OpenFile file, ReadOnlySpan<byte> path, ExecArguments arguments, ref ElfImage image, OpenFile? interpreter, ref ElfImage interpreterImage)
    {
        var top = UserStack.ChooseTop();
        var error = space.MapStack(top, (ulong)arguments.Length + 64 * 1024);
        if (error == Errno.None)
            error = ElfLoader.Map(space, file, ref image, interpreter: false);
        if (error != Errno.None)
            return error;
        file.AddUser();
        space.Executable = file;
        space.BreakStart = space.Break = (image.Break + Frames.Size - 1) & ~(ulong)(Frames.Size - 1);
        ulong interpreterBase = 0;
        var entry = image.Entry;
        if (interpreter is not null)
        {
            error = ElfLoader.Map(space, interpreter, ref interpreterImage, interpreter: true);
            if (error != Errno.None)
                return error;
            interpreterBase = interpreterImage.Bias;
            entry = interpreterImage.Entry;
        }

        var vdso = Vdso.Map(space);
        if (!vdso.IsOk)
            return vdso.Error;
        var stack = UserStack.Build(space, top, arguments, path, image, interpreterBase, vdso.Value);
        if (!stack.IsOk)
            return stack.Error;
        SetRegisters(entry, stack.Value);
        return Errno.None;
    }

    private static void SetRegisters(ulong entry, ulong stack)
    {
        var current = Task.Current;
        current.ResetUserState();
        ref var user = ref current.User;
        user = default;
        user.Rip = entry;
        user.Rsp = stack;
        user.Cs = UserRegisters.UserCodeSelector;
        user.Ss = UserRegisters.UserDataSelector;
        user.Rflags = 0x202;
        user.OriginalRax = -1;
    }
}
