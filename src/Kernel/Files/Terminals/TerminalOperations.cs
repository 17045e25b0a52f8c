// The terminal as an open file: /dev/console, /dev/ttyS0, and /dev/tty, which is whatever terminal the caller's session has.
using Jiffy.Kernel.Abi;
using Jiffy.Kernel.Structures;
using Jiffy.Kernel.Tasks;

namespace Jiffy.Kernel.Files;

internal sealed class TerminalOperations : FileOperations
{
    private const int TerminalMajor = 4, SerialMinor = 64, AuxiliaryMajor = 5;

    private readonly bool _isConsole;
    private readonly bool _isOwn;

    /// <param name="isConsole">/dev/console: survives hang-ups, and opening it never makes it a controlling terminal.</param>
    /// <param name="isOwn">/dev/tty.</param>
    private TerminalOperations(bool isConsole, bool isOwn)
    {
        _isConsole = isConsole;
        _isOwn = isOwn;
    }

    public override bool IsSeekable => false;

    internal static void Register()
    {
        CharacterDevices.Register(TerminalMajor, SerialMinor, new TerminalOperations(isConsole: false, isOwn: false));
        CharacterDevices.Register(AuxiliaryMajor, 0, new TerminalOperations(isConsole: false, isOwn: true));
        CharacterDevices.Register(AuxiliaryMajor, 1, new TerminalOperations(isConsole: true, isOwn: false));
    }

    public override Errno Open(OpenFile file)
    {
        var terminal = _isOwn ? OwnTerminal() : Terminal.Serial;
        if (terminal is null)
            return Errno.ENXIO;
        if (terminal.IsExclusive && !Task.Current.Credentials.Has(Capability.CAP_SYS_ADMIN))
            return Errno.EBUSY;
        file.Private = terminal;
        file.PrivateNumber = _isConsole ? -1 : terminal.HangUps;
        if (!_isConsole && !_isOwn && (file.OpeningFlags & FileConstants.O_NOCTTY) == 0)
            terminal.OpenedBy(Task.Current);
        return Errno.None;
    }

    private static Terminal? OwnTerminal()
    {
        using (TaskTree.Lock.Acquire())
            return Task.Current.Group.Session?.Terminal;
    }

    private static Terminal Of(OpenFile file) => (Terminal)file.Private!;

    public override Result<int> Read(OpenFile file, ref IoBuffer to, ref long position) => Of(file).Read(file, ref to);

    public override Result<int> Write(OpenFile file, ref IoBuffer from, ref long position) => Of(file).Write(file, ref from);

    public override Result<int> Ioctl(OpenFile file, uint command, ulong argument) => Of(file).Control(file, command, argument);

    public override Errno SetListening(OpenFile file, int descriptor, bool on) => Of(file).SetListening(file, descriptor, on);

    public override uint Poll(OpenFile file, PollTable? table) => Of(file).Poll(file, table);
}
