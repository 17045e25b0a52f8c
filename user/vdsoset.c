// Programs read the clocks by themselves while others set the real-time clock, forward each time: nobody, on any CPU, whichever way
// it asks, ever sees the clock go back, or REALTIME and TAI further apart than they are.
// cpus: 1 2 4
// host: no
// flags: -static -pthread
#include "check.h"
#include "vdso.h"
#include <pthread.h>
#include <sched.h>

#ifndef CLOCK_TAI
#define CLOCK_TAI 11
#endif
#define STEP 1000000000ll
#define SETS 100

static struct { long long latest, reads; int backwards, apart, stop; } *shared;

static void *watch(void *seed)
{
    unsigned random = (unsigned)(long)seed;
    while (!__atomic_load_n(&shared->stop, __ATOMIC_SEQ_CST)) {
        long long latest = __atomic_load_n(&shared->latest, __ATOMIC_SEQ_CST);
        random = random * 1103515245 + 12345;
        long long now = random >> 16 & 1 ? vdso_clock(CLOCK_REALTIME) : kernel_clock(CLOCK_REALTIME);
        if (now < latest)
            __atomic_add_fetch(&shared->backwards, 1, __ATOMIC_RELAXED);
        while (now > latest && !__atomic_compare_exchange_n(&shared->latest, &latest, now, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) { }
        if (vdso_clock(CLOCK_TAI) < now)
            __atomic_add_fetch(&shared->apart, 1, __ATOMIC_RELAXED);
        __atomic_add_fetch(&shared->reads, 1, __ATOMIC_RELAXED);
    }
    return NULL;
}

static int set_forward(void)
{
    for (int i = 0; i < SETS; i++) {
        long long wanted = kernel_clock(CLOCK_REALTIME) + STEP, enough = __atomic_load_n(&shared->reads, __ATOMIC_RELAXED) + 20;
        struct timespec time = { wanted / 1000000000, wanted % 1000000000 };
        if (clock_settime(CLOCK_REALTIME, &time))
            return 1;
        while (__atomic_load_n(&shared->reads, __ATOMIC_RELAXED) < enough)
            sched_yield();
    }
    return 0;
}

int main(void)
{
    check_begin(50);
    if (!CHECK("the object is there, with all its functions", vdso_open()))
        return check_end();
    shared = check_shared(sizeof *shared);
    struct timespec mono, was;
    clock_gettime(CLOCK_MONOTONIC, &mono);
    clock_gettime(CLOCK_REALTIME, &was);
    pthread_t thread[4];
    for (long i = 0; i < 4; i++)
        pthread_create(&thread[i], NULL, watch, (void *)(i + 1));
    CHECK_EQ("the clock can be set", check_status(set_forward), 0);
    __atomic_store_n(&shared->stop, 1, __ATOMIC_SEQ_CST);
    for (int i = 0; i < 4; i++)
        pthread_join(thread[i], NULL);
    CHECK_EQ("REALTIME, asked both ways, never goes back", shared->backwards, 0);
    CHECK_EQ("TAI is never behind it", shared->apart, 0);
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    was.tv_sec += now.tv_sec - mono.tv_sec;
    CHECK_OK("and back to what it was", clock_settime(CLOCK_REALTIME, &was));
    return check_end();
}
