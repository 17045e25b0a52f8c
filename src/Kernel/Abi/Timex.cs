// adjtimex: where the fields of struct timex lie on x86-64, and its numbers. man 2 adjtimex.
namespace Jiffy.Kernel.Abi;

internal static class Timex
{
    public const int Bytes = 208;
    public const int ModesAt = 0, OffsetAt = 8, FrequencyAt = 16, MaxErrorAt = 24, EstimatedErrorAt = 32, StatusAt = 40, ConstantAt = 48;
    public const int PrecisionAt = 56, ToleranceAt = 64, TimeAt = 72, TickAt = 88, TaiAt = 160;

    public const uint ADJ_OFFSET = 1, ADJ_FREQUENCY = 2, ADJ_MAXERROR = 4, ADJ_ESTERROR = 8, ADJ_STATUS = 0x10, ADJ_TIMECONST = 0x20, ADJ_TAI = 0x80;
    public const uint ADJ_SETOFFSET = 0x100, ADJ_MICRO = 0x1000, ADJ_NANO = 0x2000, ADJ_TICK = 0x4000;

    /// <summary>The old adjtime: with ADJ_OFFSET it sets what is left to slew, with ADJ_OFFSET and this bit of ADJ_NANO it only asks.</summary>
    public const uint ADJ_ADJTIME = 0x8000, ADJ_OFFSET_READONLY = 0x2000;

    public const int STA_PLL = 1, STA_FLL = 8, STA_INS = 0x10, STA_DEL = 0x20, STA_UNSYNC = 0x40, STA_FREQHOLD = 0x80;
    public const int STA_NANO = 0x2000, STA_MODE = 0x4000, STA_RONLY = 0xff00;

    public const int TIME_OK = 0, TIME_INS = 1, TIME_DEL = 2, TIME_OOP = 3, TIME_WAIT = 4, TIME_ERROR = 5;
}
