// Counters that are files: adding and taking, semaphores, overflow, blocking on both sides, poll bits, flags, bad use, /proc, many threads.
// cpus: 1 2 4
#include "check.h"
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/eventfd.h>

#define MOST 0xfffffffffffffffeull

static int add(int fd, uint64_t value) { return write(fd, &value, sizeof value) == sizeof value ? 0 : -1; }

static int take(int fd, uint64_t *value) { return read(fd, value, sizeof *value) == sizeof *value ? 0 : -1; }

// What poll tells of a descriptor now.
static int bits(int fd)
{
    struct pollfd item = { fd, 0xffff & ~POLLNVAL, 0 };
    return poll(&item, 1, 0) < 0 ? -1 : item.revents;
}

static uint64_t value_of(int fd)
{
    uint64_t value = 0;
    return take(fd, &value) ? (uint64_t)-errno : value;
}

static void counting(void)
{
    int fd = eventfd(3, EFD_NONBLOCK);
    if (!CHECK_OK("created with a count", fd))
        return;
    CHECK_EQ("readable and writable", bits(fd), POLLIN | POLLOUT);
    CHECK_EQ("the first count", value_of(fd), 3);
    CHECK_EQ("writable only", bits(fd), POLLOUT);
    uint64_t value;
    CHECK_ERR("nothing to take", take(fd, &value), EAGAIN);
    add(fd, 5);
    add(fd, 0);
    add(fd, 7);
    CHECK_EQ("sums up", value_of(fd), 12);
    CHECK_OK("adding nothing", add(fd, 0));
    CHECK_EQ("is no event", bits(fd), POLLOUT);
    CHECK_OK("up to the most", add(fd, MOST));
    CHECK_EQ("full: readable only", bits(fd), POLLIN);
    CHECK_ERR("no room", add(fd, 1), EAGAIN);
    CHECK_OK("nothing fits always", add(fd, 0));
    CHECK_EQ("all of it comes back", value_of(fd) == MOST, 1);
    CHECK_ERR("more than it can ever hold", add(fd, ~0ull), EINVAL);
    close(fd);
}

static void semaphore(void)
{
    int fd = eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK);
    if (!CHECK_OK("semaphore", fd))
        return;
    CHECK_EQ("one at a time", value_of(fd), 1);
    add(fd, 2);
    for (int i = 0; i < 3; i++)
        CHECK_EQ("and again", value_of(fd), 1);
    uint64_t value;
    CHECK_ERR("used up", take(fd, &value), EAGAIN);
    close(fd);
}

static void misuse(void)
{
    CHECK_ERR("unknown flags", eventfd(0, 0x40), EINVAL);
    CHECK_EQ("the first call takes no flags", syscall(SYS_eventfd, 1) >= 0, 1);
    int fd = eventfd(0xffffffff, EFD_NONBLOCK | EFD_CLOEXEC);
    CHECK_EQ("the greatest start", value_of(fd), 0xffffffff);
    CHECK_EQ("closed on exec", fcntl(fd, F_GETFD), FD_CLOEXEC);
    CHECK_EQ("flags", fcntl(fd, F_GETFL), O_RDWR | O_NONBLOCK);
    char bytes[16] = { 1 };
    CHECK_ERR("short read", read(fd, bytes, 7), EINVAL);
    CHECK_ERR("short write", write(fd, bytes, 7), EINVAL);
    add(fd, 1);
    CHECK_EQ("long read gives eight bytes", read(fd, bytes, 16), 8);
    ssize_t length = write(fd, bytes, 16);
    CHECK("long write counts eight bytes, or is refused since 6.9", length == 8 || (length == -1 && errno == EINVAL));
    value_of(fd);
    CHECK_ERR("bad address to write from", write(fd, (void *)8, 8), EFAULT);
    add(fd, 1);
    CHECK_ERR("bad address to read to", read(fd, (void *)8, 8), EFAULT);
    CHECK("seeking does nothing, or is refused since 6.x", lseek(fd, 5, SEEK_SET) <= 0);
    CHECK_ERR("pread", pread(fd, bytes, 8, 0), ESPIPE);
    close(fd);
    CHECK_ERR("closed", add(fd, 1), EBADF);
}

// A line of fdinfo that starts with a word, or nothing.
static const char *info(int fd, const char *word)
{
    static char text[2048];
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fdinfo/%d", fd);
    int file = open(path, O_RDONLY);
    ssize_t length = file < 0 ? -1 : read(file, text, sizeof text - 1);
    close(file);
    if (length < 0)
        return "";
    text[length] = 0;
    char *line = strstr(text, word);
    if (!line)
        return "";
    line[strcspn(line, "\n")] = 0;
    return line;
}

static void shown(void)
{
    int fd = eventfd(0x1234, EFD_NONBLOCK);
    CHECK_STR("fdinfo", info(fd, "eventfd-count:"), "eventfd-count:             1234");
    int first = -1, second = -1, other = eventfd(0, 0);
    sscanf(info(fd, "eventfd-id:"), "eventfd-id: %d", &first);
    sscanf(info(other, "eventfd-id:"), "eventfd-id: %d", &second);
    CHECK_EQ("an id of its own", first >= 0 && second >= 0 && first != second, 1);
    char path[64], link[64] = "";
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (readlink(path, link, sizeof link - 1) < 0)
        link[0] = 0;
    CHECK_STR("name", link, "anon_inode:[eventfd]");
    close(other);
    close(fd);
}

static int shared;

// Takes what the other side has not yet added.
static void *taker(void *ignored)
{
    (void)ignored;
    return (void *)(uintptr_t)value_of(shared);
}

static void *adder(void *ignored)
{
    (void)ignored;
    return (void *)(intptr_t)add(shared, 3);
}

static void await_thread(void)
{
    // Whether it sleeps yet makes no difference to what must come out; this only makes it likely.
    for (int i = 0; i < 50; i++)
        sched_yield();
}

static void blocking(void)
{
    pthread_t thread;
    void *result;
    shared = eventfd(0, 0);
    pthread_create(&thread, NULL, taker, NULL);
    await_thread();
    add(shared, 9);
    pthread_join(thread, &result);
    CHECK_EQ("a reader waits", (intptr_t)result, 9);

    add(shared, MOST - 1);
    pthread_create(&thread, NULL, adder, NULL);
    await_thread();
    CHECK_EQ("what was there first", value_of(shared) == MOST - 1, 1);
    pthread_join(thread, &result);
    CHECK_EQ("a writer waits for room", (intptr_t)result, 0);
    CHECK_EQ("what was added then", value_of(shared), 3);
    close(shared);
}

static void ignore(int signal) { (void)signal; }

static int interrupted(void)
{
    uint64_t value;
    struct sigaction action = { .sa_handler = ignore };
    sigaction(SIGUSR1, &action, NULL);
    add(shared, 1);          // ready
    take(shared, &value);
    raise(SIGSTOP);
    return take(shared, &value) < 0 ? errno : 0;
}

static void signals(void)
{
    shared = eventfd(0, 0);
    pid_t child = check_fork();
    if (child == 0)
        _exit(interrupted());
    int status;
    waitpid(child, &status, WUNTRACED);
    kill(child, SIGCONT);
    check_await_state(child, 'S');
    kill(child, SIGUSR1);
    waitpid(child, &status, 0);
    CHECK_EQ("a handler interrupts", status, EXITED(EINTR));
    close(shared);
}

// Many threads add and take; nothing is lost and nothing comes twice.
#define THREADS 4
static int rounds = 2000;

static void *add_many(void *ignored)
{
    (void)ignored;
    for (int i = 0; i < rounds; i++)
        add(shared, 1);
    return NULL;
}

static void *take_many(void *sum)
{
    while (*(uint64_t *)sum < (uint64_t)rounds) {
        uint64_t value;
        if (take(shared, &value) == 0)
            *(uint64_t *)sum += value;
    }
    return NULL;
}

static void many(void)
{
    pthread_t adders[THREADS], takers[THREADS];
    uint64_t sums[THREADS] = { 0 };
    shared = eventfd(0, EFD_SEMAPHORE);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&takers[i], NULL, take_many, &sums[i]);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&adders[i], NULL, add_many, NULL);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(adders[i], NULL);
        pthread_join(takers[i], NULL);
    }
    CHECK_EQ("each got its share", sums[0] + sums[1] + sums[2] + sums[3], THREADS * rounds);
    CHECK_EQ("nothing is left", bits(shared), POLLOUT);
    close(shared);
}

int main(int count, char **arguments)
{
    if (count > 1)
        rounds = atoi(arguments[1]);
    check_begin(50);
    counting();
    semaphore();
    misuse();
    shown();
    blocking();
    signals();
    many();
    return check_end();
}
