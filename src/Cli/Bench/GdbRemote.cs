// Just enough of the gdb remote serial protocol to stop a QEMU machine at an address: $packet#checksum, + for received.
using System;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Net.Sockets;
using System.Text;
using System.Threading;

namespace Jiffy.Cli.Bench;

internal sealed class GdbRemote : IDisposable
{
    private readonly TcpClient _client;
    private readonly Stream _stream;

    private GdbRemote(TcpClient client)
    {
        _client = client;
        _client.NoDelay = true;
        _stream = client.GetStream();
    }

    /// <summary>Connects to a machine that may just be starting.</summary>
    public static GdbRemote Connect(int port, TimeSpan limit)
    {
        var deadline = DateTime.UtcNow + limit;
        while (true)
        {
            var client = new TcpClient();
            try
            {
                client.Connect("127.0.0.1", port);
                client.ReceiveTimeout = (int)TimeSpan.FromMinutes(2).TotalMilliseconds;
                return new GdbRemote(client);
            }
            catch (SocketException) when (DateTime.UtcNow < deadline)
            {
                client.Dispose();
                Thread.Sleep(20);
            }
        }
    }

    public void SetBreakpoint(ulong address) => Expect($"Z1,{address:x},1", "OK");

    public void RemoveBreakpoint(ulong address) => Expect($"z1,{address:x},1", "OK");

    /// <summary>Lets the machine run until it stops at a breakpoint.</summary>
    public void RunToBreakpoint()
    {
        var answer = Ask("c");
        if (!answer.StartsWith('T') && !answer.StartsWith('S'))
            throw new CliFailure($"the machine did not stop at the breakpoint: {answer}");
    }

    /// <summary>Lets the machine run without waiting for anything; nothing else can be asked then.</summary>
    public void Continue() => Send("c");

    /// <summary>Gives a command to QEMU's monitor. Returns what it says.</summary>
    public string Command(string command)
    {
        Send("qRcmd," + Convert.ToHexString(Encoding.UTF8.GetBytes(command)));
        var said = new StringBuilder();
        while (Receive() is var answer && answer != "OK")
        {
            if (!answer.StartsWith('O'))
                throw new CliFailure($"QEMU refused the command {command}: '{answer}'");
            said.Append(Encoding.UTF8.GetString(Convert.FromHexString(answer[1..])));
        }
        return said.ToString();
    }

    /// <summary>The instruction pointer of the CPU that stopped.</summary>
    public ulong InstructionPointer()
    {
        // Registers come as hexadecimal bytes: sixteen general ones, then this one.
        var registers = Ask("g");
        var digits = registers.Substring(16 * 16, 16);
        return Enumerable.Range(0, 8).Aggregate(0UL, (value, index) =>
            value | ulong.Parse(digits.AsSpan(2 * index, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture) << (8 * index));
    }

    public void Dispose()
    {
        _stream.Dispose();
        _client.Dispose();
    }

    private void Expect(string packet, string wanted)
    {
        var answer = Ask(packet);
        if (answer != wanted)
            throw new CliFailure($"QEMU refused the debugger's request {packet}: '{answer}'");
    }

    private string Ask(string packet)
    {
        Send(packet);
        return Receive();
    }

    private void Send(string packet)
    {
        var sum = packet.Aggregate(0, (total, letter) => (total + letter) & 0xff);
        _stream.Write(Encoding.ASCII.GetBytes($"${packet}#{sum:x2}"));
    }

    private string Receive()
    {
        var answer = new StringBuilder();
        while (Next() != '$')
        {
        }
        for (int letter; (letter = Next()) != '#';)
            answer.Append((char)letter);
        Next();
        Next();
        _stream.WriteByte((byte)'+');
        return answer.ToString();
    }

    private int Next()
    {
        var value = _stream.ReadByte();
        return value >= 0 ? value : throw new CliFailure("the machine ended while it was measured");
    }
}
