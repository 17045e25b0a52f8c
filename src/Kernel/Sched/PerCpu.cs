// A variable that each CPU has of its own. Whoever uses this CPU's must stay on it meanwhile: Get turns preemption off until the guard is
// disposed of. What interrupts touch too needs interrupts off besides.
// Contexts: any. Linux: DEFINE_PER_CPU(), get_cpu_var(), put_cpu_var(), this_cpu_ptr(), per_cpu().
using System.Diagnostics.CodeAnalysis;
using Jiffy.Kernel.Observe;
using Jiffy.Machine;

namespace Jiffy.Kernel.Sched;

/// <summary>Made at start-up, when the number of CPUs is known: <c>using var here = s_counts.Get(); here.Value++;</c></summary>
public readonly struct PerCpu<T>
{
    private readonly T[] _values;

    private PerCpu(T[] values) => _values = values;

    /// <summary>One for each CPU, each the type's default value. Boot.</summary>
    public static PerCpu<T> Create() => new(new T[Cpu.Count]);

    /// <summary>This CPU's, and preemption off until the guard is disposed of. Any context.</summary>
    public Guard Get()
    {
        Preemption.Disable();
        return new Guard(ref _values[Cpu.Id]);
    }

    /// <summary>This CPU's, for callers that cannot leave it: preemption or interrupts are off. Linux: this_cpu_ptr().</summary>
    public ref T Here
    {
        get
        {
            if (MachineTraits.ChecksLocks && Preemption.Count == 0 && Cpu.InterruptsOn)
                Invariant.Fail("a CPU's own variable is used where the task may move to another CPU");
            return ref _values[Cpu.Id];
        }
    }

    /// <summary>Any CPU's. Its owner may be changing it. Linux: per_cpu().</summary>
    public ref T Of(int cpu) => ref _values[cpu];

    public readonly ref struct Guard
    {
        private readonly ref T _value;

        internal Guard(ref T value) => _value = ref value;

        [UnscopedRef]
        public ref T Value => ref _value;

        public void Dispose() => Preemption.Enable();
    }
}
