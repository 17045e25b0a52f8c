using System;
using System.IO;
using System.Text;
using Jiffy.Cli.Commands;
using Jiffy.Cli.Host;
using Jiffy.Cli.Root;
using Xunit;

namespace Jiffy.Tests.Unit.Cli;

public class CommandLineTests
{
    [Theory]
    [InlineData("256M", 256)]
    [InlineData("2g", 2048)]
    [InlineData("65536K", 64)]
    [InlineData("16777216", 16)]
    public void A_size_is_read_as_mebibytes(string text, int size) => Assert.Equal(size, CommandLine.ParseMebibytes(text));

    [Theory]
    [InlineData(""), InlineData("M"), InlineData("-1M"), InlineData("1.5G"), InlineData("3x"), InlineData("1000"), InlineData("99999999999999999G")]
    public void What_is_no_size_of_whole_mebibytes_is_refused(string text) => Assert.Null(CommandLine.ParseMebibytes(text));

    [Theory]
    [InlineData("plain", "'plain'")]
    [InlineData("", "''")]
    [InlineData("it's", @"'it'\''s'")]
    [InlineData("$x `y` \"z\"\n", "'$x `y` \"z\"\n'")]
    public void A_shell_word_is_quoted(string word, string quoted) =>
        Assert.Equal(quoted, Encoding.UTF8.GetString(ShellText.Quote(Encoding.UTF8.GetBytes(word))));

    [Fact]
    public void Counting_instructions_gives_the_processors_turns_and_repeats_addresses()
    {
        var options = new MachineOptions { Cpus = 4, CountsInstructions = true, Append = "x=1" };
        var arguments = string.Join(' ', QemuArguments.For(options, new MachineFiles("i", "d")));
        Assert.Contains("-smp 4 ", arguments);
        Assert.Contains("-accel tcg,thread=single -icount shift=0,sleep=off", arguments);
        Assert.EndsWith("quiet nordrand norandmaps x=1", QemuArguments.KernelCommandLine(options));
    }

    [Theory]
    [InlineData("", null)]
    [InlineData("noise\njiffy: exit status 7\n", 7)]
    [InlineData("jiffy: exit status 1\njiffy: exit status 300\n", 44)]
    public void The_exit_status_is_the_last_the_kernel_wrote(string text, int? status) =>
        Assert.Equal(status, VirtualMachine.ExitStatusIn(text));

    [Fact]
    public void Bytes_a_terminal_acts_on_are_quoted() =>
        Assert.Equal([(byte)'a', 0x16, 3, (byte)'\n', 0x16, 0x16], GuestInput.QuoteSpecial([(byte)'a', 3, (byte)'\n', 0x16]));

    [Theory]
    [InlineData(true, false, "apt-get update && apt-get install -y --no-install-recommends nasm lld")]
    [InlineData(false, true, "sudo apt-get update && sudo apt-get install -y --no-install-recommends nasm lld")]
    [InlineData(false, false, "su -c 'apt-get update && apt-get install -y --no-install-recommends nasm lld'")]
    public void The_line_that_installs_fits_who_must_run_it(bool isRoot, bool hasSudo, string line) =>
        Assert.Equal(line, Prerequisites.InstallLine(["nasm", "lld"], isRoot, hasSudo));

    [Fact]
    public void What_the_host_refuses_is_told_and_our_mistakes_are_not_hidden()
    {
        var denied = new UnauthorizedAccessException("path", new IOException("Permission denied"));
        Assert.Same(denied, CommandLine.RefusalIn(new TypeInitializationException("X", denied)));
        Assert.Null(CommandLine.RefusalIn(new InvalidOperationException()));
    }
}
