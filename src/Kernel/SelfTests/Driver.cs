// One thing the kernel can be asked to do to itself through a driver file: a self-test or a laboratory experiment.
using System;

namespace Jiffy.Kernel.SelfTests;

public sealed class Driver
{
    /// <param name="name">What is written to the file.</param>
    /// <param name="cpus">On which numbers of CPUs it says something, as "1 2 4".</param>
    /// <param name="shows">One line for the list.</param>
    /// <param name="run">A static lambda; runs in a kernel thread of its own and may sleep.</param>
    public Driver(string name, string cpus, string shows, Action<Report> run)
    {
        Name = name;
        Cpus = cpus;
        Shows = shows;
        Run = run;
    }

    public string Name { get; }

    public string Cpus { get; }

    public string Shows { get; }

    public Action<Report> Run { get; }
}
