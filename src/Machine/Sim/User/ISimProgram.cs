// User programs of the simulated machine: state machines whose state is in user registers and user memory, so that
// fork, signals and exec work on them as on any program.
namespace Jiffy.Machine.Sim;

public interface ISimProgram
{
    /// <summary>
    /// Does the step that the instruction pointer names: at most one load or store that may fault, then at most one system call, which is
    /// made after the step. A step is begun anew after a fault that the kernel handled, so what it changes it must be able to change twice.
    /// </summary>
    void Step(SimUser user);
}
