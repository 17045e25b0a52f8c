using Jiffy.Machine.Sim;

namespace Jiffy.Machine;

public static partial class Clock
{
    public static partial long Now => SimMachine.Current.Now;

    public static partial long RealTimeAtStart => SimMachine.Current.Options.RealTimeAtStart;

    public static partial void SetAlarm(long deadline)
    {
        SimMachine.Current.SetAlarm(SimMachine.ThisCpu, deadline);
        SimMachine.Point(PointKind.SetAlarm);
    }

    public static partial ulong Cycles => (ulong)SimMachine.Current.Now;

    public static partial long CyclesPerSecond => 1_000_000_000;

    public static partial string Source => "virtual time";

    public static partial int SourceCount => 1;

    public static partial string SourceName(int index) => "virtual";

    public static partial int CurrentSource => 0;

    public static partial void UseSource(int index)
    {
    }

    public static partial string AlarmSource => "event queue";
}
