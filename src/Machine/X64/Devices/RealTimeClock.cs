// The battery clock (MC146818), read once at start-up.
namespace Jiffy.Machine;

internal static class RealTimeClock
{
    private const ushort IndexPort = 0x70, DataPort = 0x71;
    private const byte Seconds = 0, Minutes = 2, Hours = 4, Day = 7, Month = 8, Year = 9, StatusA = 10, StatusB = 11;
    private const int UpdateInProgress = 0x80, IsBinary = 4, Is24Hour = 2, Afternoon = 0x80;

    /// <summary>Seconds since 1970. Two equal readings in a row are a true one; a clock that is missing or stuck counts as 0.</summary>
    internal static long Read()
    {
        var last = ReadOnce();
        for (var attempt = 0; attempt < 8; attempt++)
        {
            var again = ReadOnce();
            if (again == last)
                return again;
            last = again;
        }
        return 0;
    }

    private static long ReadOnce()
    {
        for (var i = 0; i < 10_000 && (Register(StatusA) & UpdateInProgress) != 0; i++)
            Cpu.Relax();
        var format = Register(StatusB);
        var hourByte = Register(Hours);
        var hour = Decode(hourByte & ~Afternoon, format);
        if ((format & Is24Hour) == 0)
            hour = hour % 12 + ((hourByte & Afternoon) != 0 ? 12 : 0);
        var days = DaysSince1970(2000 + Decode(Register(Year), format), Decode(Register(Month), format), Decode(Register(Day), format));
        return ((days * 24 + hour) * 60 + Decode(Register(Minutes), format)) * 60 + Decode(Register(Seconds), format);
    }

    private static int Register(byte index)
    {
        Ports.Write8(IndexPort, index);
        return Ports.Read8(DataPort);
    }

    private static int Decode(int value, int format) => (format & IsBinary) != 0 ? value : (value >> 4) * 10 + (value & 15);

    // Counts years from March on, so that the leap day is the last of its year.
    private static long DaysSince1970(int year, int month, int day)
    {
        if (month <= 2)
        {
            year--;
            month += 12;
        }
        var daysInYear = (153 * (month - 3) + 2) / 5 + day - 1;
        return 365L * year + year / 4 - year / 100 + year / 400 + daysInYear - 719_468;
    }
}
