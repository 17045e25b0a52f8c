// Plain reads and writes of the standard descriptors. The framework's Console switches the terminal into modes of its
// own when it is first used, and its FileStream keeps a file position of its own; a guest's terminal can use neither.
using System;
using System.IO;
using System.Runtime.InteropServices;
using System.Text;

namespace Jiffy.Cli.Host;

internal static class Descriptors
{
    public const int StandardInput = 0;
    public const int StandardOutput = 1;
    public const int StandardError = 2;

    private const int EINTR = 4;
    private const int EAGAIN = 11;

    /// <summary>Reads at least one byte, or returns 0 at the end of the input or when it cannot be read.</summary>
    public static int Read(int descriptor, byte[] buffer)
    {
        while (true)
        {
            var count = read(descriptor, buffer, buffer.Length);
            if (count >= 0)
                return (int)count;
            if (!MayRetry(descriptor, PollIn))
                return 0;
        }
    }

    /// <summary>Writes all bytes. False when nobody reads them any more.</summary>
    public static bool Write(int descriptor, ReadOnlySpan<byte> bytes)
    {
        var rest = bytes.ToArray();
        while (rest.Length > 0)
        {
            var count = write(descriptor, rest, rest.Length);
            if (count >= 0)
                rest = rest[(int)count..];
            else if (!MayRetry(descriptor, PollOut))
                return false;
        }
        return true;
    }

    public static bool Write(int descriptor, string text) => Write(descriptor, Encoding.UTF8.GetBytes(text));

    /// <summary>True when the descriptor is a terminal.</summary>
    public static bool IsTerminal(int descriptor) => isatty(descriptor) == 1;

    /// <summary>All that is left to read of a regular file on standard input; null when it is something else.</summary>
    public static byte[]? ReadRegularInput()
    {
        if (IsTerminal(StandardInput) || lseek(StandardInput, 0, SeekCurrent) < 0)
            return null;
        var all = new MemoryStream();
        var buffer = new byte[1 << 16];
        for (int count; (count = Read(StandardInput, buffer)) > 0;)
            all.Write(buffer, 0, count);
        return all.ToArray();
    }

    // A descriptor shared with others may have been made non-blocking by them: then wait until it is ready.
    private static bool MayRetry(int descriptor, short events)
    {
        var error = Marshal.GetLastPInvokeError();
        if (error == EAGAIN)
        {
            var wait = new PollDescriptor { Descriptor = descriptor, Events = events };
            _ = poll(ref wait, 1, -1);
        }
        return error is EINTR or EAGAIN;
    }

    private const short PollIn = 1;
    private const short PollOut = 4;
    private const int SeekCurrent = 1;

    [StructLayout(LayoutKind.Sequential)]
    private struct PollDescriptor
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }

    [DllImport("libc", SetLastError = true)]
    private static extern nint read(int descriptor, byte[] buffer, nint count);

    [DllImport("libc", SetLastError = true)]
    private static extern nint write(int descriptor, byte[] buffer, nint count);

    [DllImport("libc", SetLastError = true)]
    private static extern long lseek(int descriptor, long offset, int whence);

    [DllImport("libc")]
    private static extern int isatty(int descriptor);

    [DllImport("libc")]
    private static extern int poll(ref PollDescriptor descriptors, nuint count, int milliseconds);
}
