// Leap seconds: one inserted and one deleted at midnight, as adjtimex tells them, and a sleeper until midnight through each.
// host: no
// timeout: 60

#include "check.h"
#include <sys/timex.h>
#include <time.h>

#define MIDNIGHT 1798761600 // 2027-01-01 00:00:00 UTC

static long long real(void)
{
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static long long mono(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static long long tai_ahead(void)
{
    struct timespec tai, now;
    clock_gettime(CLOCK_REALTIME, &now);
    clock_gettime(CLOCK_TAI, &tai);
    return tai.tv_sec - now.tv_sec - (tai.tv_nsec < now.tv_nsec);
}

static int state(void)
{
    struct timex t = { 0 };
    return adjtimex(&t);
}

static int status(int bits)
{
    struct timex t = { .modes = ADJ_STATUS, .status = bits };
    return adjtimex(&t);
}

static void begin(void)
{
    status(0);
    while (state() != TIME_OK)
        usleep(10000);
    struct timex tai = { .modes = ADJ_TAI, .constant = 37 };
    adjtimex(&tai);
    struct timespec time = { .tv_sec = MIDNIGHT - 3, .tv_nsec = 200000000 };
    CHECK_OK("set the clock before midnight", clock_settime(CLOCK_REALTIME, &time));
}

// Sleeps until the real-time clock shows midnight, however it gets there; by how many milliseconds that clock was stepped meanwhile.
static int step_until_midnight(void)
{
    long long passed = -mono(), shown = -real();
    struct timespec end = { .tv_sec = MIDNIGHT };
    clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &end, NULL);
    shown += real();
    passed += mono();
    CHECK("a sleeper until midnight wakes at midnight", real() >= MIDNIGHT * 1000000000LL);
    return (shown - passed) / 1000000;
}

// Asks until the state is another one.
static int next_state(int old)
{
    int now;
    while ((now = state()) == old)
        usleep(10000);
    return now;
}

static void inserted(void)
{
    begin();
    long long tai = tai_ahead();
    CHECK_EQ("the TAI offset", tai, 37);
    status(STA_INS);
    usleep(1500000);
    CHECK_EQ("announced", state(), TIME_INS);
    CHECK_EQ("the leap second begins", next_state(TIME_INS), TIME_OOP);
    long long at = real();
    CHECK("23:59:59 again", at >= (MIDNIGHT - 1) * 1000000000LL && at < MIDNIGHT * 1000000000LL);
    CHECK_EQ("TAI is one more ahead", tai_ahead(), tai + 1);
    CHECK_EQ("it is over", next_state(TIME_OOP), TIME_WAIT);
    CHECK("midnight", real() >= MIDNIGHT * 1000000000LL);
    status(0);
    CHECK_EQ("ready for another", next_state(TIME_WAIT), TIME_OK);

    begin();
    status(STA_INS);
    int step = step_until_midnight();
    CHECK("and not before the leap second is over", step > -1500 && step < -500);
}

static void deleted(void)
{
    begin();
    status(STA_DEL);
    usleep(1200000);
    CHECK_EQ("announced", state(), TIME_DEL);
    CHECK_EQ("taken", next_state(TIME_DEL), TIME_WAIT);
    CHECK("midnight comes a second early", real() >= MIDNIGHT * 1000000000LL);
    CHECK_EQ("TAI is one less ahead", tai_ahead(), 36);
    begin();
    status(STA_DEL);
    int step = step_until_midnight();
    CHECK("and a second was left out", step > 500 && step < 1500);
    status(0);
}

int main(void)
{
    inserted();
    deleted();
    return check_end();
}
