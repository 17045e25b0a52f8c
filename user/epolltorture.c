// Threads that open, watch, change, signal and close a thousand descriptors in shared sets, while others wait in them: no event is told of a
// number that was never there, nothing hangs, and when all is closed, every set is empty and nothing is left in the kernel.
// test: 1
// test: 3
// cpus: 1 2 4
// timeout: 100
#include "check.h"
#include <pthread.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

enum { THREADS = 8, SETS = 3, EACH = 125 };

static int sets[SETS + 1], seconds = 1; // the last one watches the others
static volatile int stop, wrong;
static uint64_t told, made;

static uint32_t next_random(uint32_t *state) { return *state = *state * 1664525 + 1013904223, *state >> 8; }

static void wait_some(int set)
{
    struct epoll_event events[16];
    int count = epoll_wait(set, events, 16, 0);
    if (count < 0)
        wrong |= 1;
    for (int i = 0; i < count; i++)
        if (events[i].data.u64 >= THREADS * EACH || (events[i].events & ~(EPOLLIN | EPOLLOUT | EPOLLHUP | EPOLLERR)))
            wrong |= 2;
    __atomic_fetch_add(&told, count > 0 ? count : 0, __ATOMIC_RELAXED);
}

static void *churn(void *argument)
{
    static const uint32_t manners[] = { 0, EPOLLET, EPOLLONESHOT, EPOLLEXCLUSIVE };
    uint32_t state = (uintptr_t)argument * 7919 + 1;
    int slots[EACH], base = (int)(intptr_t)argument * EACH;
    for (int i = 0; i < EACH; i++)
        slots[i] = -1;
    while (!stop) {
        int slot = next_random(&state) % EACH, set = sets[next_random(&state) % SETS];
        uint32_t manner = manners[next_random(&state) % 4];
        struct epoll_event event = { EPOLLIN | manner, { .u64 = base + slot } };
        if (slots[slot] < 0) {
            slots[slot] = eventfd(0, EFD_NONBLOCK);
            if (slots[slot] < 0)
                wrong |= 4;
            __atomic_fetch_add(&made, 1, __ATOMIC_RELAXED);
        }
        switch (next_random(&state) % 6) {
        case 0:
            if (epoll_ctl(set, EPOLL_CTL_ADD, slots[slot], &event) && errno != EEXIST)
                wrong |= 8;
            break;
        case 1:
            event.events &= ~EPOLLEXCLUSIVE;
            if (epoll_ctl(set, EPOLL_CTL_MOD, slots[slot], &event) && errno != ENOENT && errno != EINVAL)
                wrong |= 16;
            break;
        case 2:
            if (epoll_ctl(set, EPOLL_CTL_DEL, slots[slot], NULL) && errno != ENOENT)
                wrong |= 32;
            break;
        case 3:
            eventfd_write(slots[slot], 1);
            break;
        case 4:
            wait_some(sets[next_random(&state) % SETS]);
            break;
        default:
            close(slots[slot]);
            slots[slot] = -1;
        }
    }
    for (int i = 0; i < EACH; i++)
        if (slots[i] >= 0)
            close(slots[i]);
    return NULL;
}

// Sleeps in a set again and again; a stop descriptor in each ends it.
static void *wait_long(void *argument)
{
    struct epoll_event event;
    int set = sets[(intptr_t)argument];
    while (!stop)
        if (epoll_wait(set, &event, 1, 20) < 0)
            wrong |= 64;
    return NULL;
}

int main(int count, char **arguments)
{
    if (count > 1)
        seconds = atoi(arguments[1]);
    check_begin(90 + seconds);
    pthread_t threads[THREADS], waiters[SETS + 1];
    for (int i = 0; i <= SETS; i++) {
        sets[i] = epoll_create1(0);
        CHECK_OK("a set", sets[i]);
    }
    for (int i = 0; i < SETS; i++) {
        struct epoll_event event = { EPOLLIN, { .u64 = i } };
        CHECK_OK("watched", epoll_ctl(sets[SETS], EPOLL_CTL_ADD, sets[i], &event));
    }
    for (intptr_t i = 0; i <= SETS; i++)
        pthread_create(&waiters[i], NULL, wait_long, (void *)i);
    for (intptr_t i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, churn, (void *)i);
    struct timespec start, now;
    clock_gettime(CLOCK_MONOTONIC, &start);
    do {
        nanosleep(&(struct timespec){ 0, 20000000 }, NULL);
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while (now.tv_sec - start.tv_sec < seconds);
    stop = 1;
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i <= SETS; i++)
        pthread_join(waiters[i], NULL);
    CHECK_EQ("nothing went wrong", wrong, 0);
    CHECK("much was done", told > 100 && made > 100);
    for (int i = 0; i < SETS; i++) {
        struct epoll_event event;
        CHECK_EQ("all closed: empty", epoll_wait(sets[i], &event, 1, 0), 0);
    }
    struct epoll_event event;
    CHECK_EQ("and so is the outer one", epoll_wait(sets[SETS], &event, 1, 0), 0);
    for (int i = 0; i <= SETS; i++)
        close(sets[i]);
    return check_end();
}
