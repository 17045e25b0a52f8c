// A fuzzer: rounds in which several threads of a process make random calls with good and bad arguments, most as an ordinary user, some as
// root in a corner of the tree. What must hold: the kernel goes on, warns of nothing, gives no errno that is not for programs, every process
// can be killed, and at the end not a frame, an object or a descriptor is missing. fuzz SECONDS [SEED [THREADS]]; without a seed, the clock's.
// A round's calls follow from the seed and the round's number; `jiffy fuzz --seed N --icount` repeats them to the instruction.
// test: 60
// timeout: 500
// memory: 512M
// cpus: 1 2 4
// host: no
#include "counts.h"
#include "fuzzcalls.h"
#include "fuzzvalues.h"
#include <dirent.h>
#include <ftw.h>
#include <pthread.h>
#include <sys/timerfd.h>

#define THREADS 8
#define RECORDED 8
#define ROUND_MS 250
#define MOST_IN_CHILD 12
#define WARNING 4
#define LAST_ERRNO 511 // what is beyond is between parts of the kernel

struct made { int call; long arguments[6], result; };

// What the supervisor shares with a round, and sees whatever becomes of it.
static struct board {
    struct family family;
    long calls, tried[CALLS], succeeded[CALLS], unknown[CALLS], leaked_errno;
    struct made leaking, last[THREADS][RECORDED];
    int at[THREADS];
} *board;

static __thread struct random own;
static __thread int own_number, left_in_child;
static long deadline_ns;

__asm__(".globl fuzz_restorer\nfuzz_restorer: mov $15, %eax\n syscall\n");

static long raw(long number, const long *a)
{
    register long d __asm__("r10") = a[3];
    register long e __asm__("r8") = a[4];
    register long f __asm__("r9") = a[5];
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(d), "r"(e), "r"(f) : "rcx", "r11", "memory");
    return result;
}

static long now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000l + time.tv_nsec;
}

// ---- One call ---------------------------------------------------------------------------------------------

static void remember(int index, const long *arguments, long result)
{
    struct made *made = &board->last[own_number][board->at[own_number]++ % RECORDED];
    made->call = index;
    memcpy(made->arguments, arguments, sizeof made->arguments);
    made->result = result;
}

static void judge(int index, const long *arguments, long result)
{
    remember(index, arguments, result);
    __atomic_add_fetch(&board->calls, 1, __ATOMIC_RELAXED);
    __atomic_add_fetch(&board->tried[index], 1, __ATOMIC_RELAXED);
    if (result >= 0 || result < -4095)
        __atomic_add_fetch(&board->succeeded[index], 1, __ATOMIC_RELAXED);
    else if (result == -ENOSYS)
        __atomic_add_fetch(&board->unknown[index], 1, __ATOMIC_RELAXED);
    else if (result < -LAST_ERRNO && !__atomic_exchange_n(&board->leaked_errno, result, __ATOMIC_RELAXED)) {
        board->leaking.call = index;
        memcpy(board->leaking.arguments, arguments, sizeof board->leaking.arguments);
        board->leaking.result = result;
    }
}

static void some_calls(int most);

// A child that shares what the flags say. With memory of the parent's it needs a stack of its own; what it may do there is little.
static int in_clone(void *argument)
{
    long none[6] = { 0 };
    (void)argument;
    for (int i = 0; i < 3; i++)
        raw((const long[]){ SYS_getpid, SYS_sched_yield, SYS_gettid }[i], none);
    raw(SYS_exit, none);
    return 0;
}

static void make_child(struct random *random, const struct call *call, long *arguments)
{
    int index = (int)(call - calls);
    long result;
    if (call->number == SYS_vfork) {
        result = vfork();
        if (result == 0)
            _exit(0);
    } else if (call->number == SYS_clone && (arguments[0] & CLONE_VM)) {
        result = clone(in_clone, (char *)((uintptr_t)place(random, 16384) & ~15ul) + 16384, (int)arguments[0] | (chance(random, 2) ? SIGCHLD : 0), NULL);
        result = result < 0 ? -errno : result;
    } else {
        if (call->number == SYS_clone)
            arguments[1] = 0;
        remember(index, arguments, -1);
        result = raw(call->number, arguments);
        if (result == 0) {
            left_in_child = left_in_child ? 1 : MOST_IN_CHILD;
            some_calls(MOST_IN_CHILD);
            _exit(0);
        }
    }
    if (result > 0)
        board->family.pids[below(random, 8)] = (pid_t)result;
    judge(index, arguments, result);
}

static int pick(struct random *random)
{
    static int total;
    if (total == 0)
        for (int i = 0; i < CALLS; i++)
            total += calls[i].weight ? calls[i].weight : 8;
    int at = below(random, total), i = 0;
    while ((at -= calls[i].weight ? calls[i].weight : 8) >= 0)
        i++;
    return i;
}

static void one_call(struct random *random)
{
    int index = pick(random);
    const struct call *call = &calls[index];
    long arguments[6] = { 0 };
    if (board->family.as_root && call->not_as_root)
        return;
    for (int i = 0; call->arguments[i]; i++)
        arguments[i] = make_value(random, call, call->arguments[i]);
    if (call->number == SYS_fork || call->number == SYS_vfork || call->number == SYS_clone || call->number == SYS_clone3) {
        make_child(random, call, arguments);
        return;
    }
    remember(index, arguments, -1);
    long result = raw(call->number, arguments);
    judge(index, arguments, result);
    if (result >= 0 && (call->number == SYS_semget || call->number == SYS_shmget || call->number == SYS_msgget))
        board->family.ids[below(random, 8)] = (int)result;
}

static void some_calls(int most)
{
    while (most-- > 0 && now_ns() < deadline_ns && (left_in_child == 0 || --left_in_child > 0))
        one_call(&own);
}

// ---- A round ----------------------------------------------------------------------------------------------

static void nothing(int signal) { (void)signal; }

// Signals do not end it, until it says otherwise itself.
static void catch_signals(void)
{
    struct sigaction action = { .sa_handler = nothing };
    for (int number = 1; number < NSIG; number++)
        if (number < SIGILL || (number > SIGTRAP && number != SIGSEGV && number != SIGBUS && number != SIGFPE))
            sigaction(number, &action, NULL);
}

// Waits end sometimes: each thread is sent a signal now and then, as long as it has not undone that itself.
static void begin_ticks(void)
{
    struct sigevent event = { .sigev_notify = 4, .sigev_signo = SIGUSR2 };
    struct itimerspec every = { { 0, 15000000 }, { 0, 15000000 } };
    timer_t timer;
    ((int *)&event)[4] = (int)syscall(SYS_gettid); // the thread to notify
    if (timer_create(CLOCK_MONOTONIC, &event, &timer) == 0)
        timer_settime(timer, 0, &every, NULL);
}

static void *thread_main(void *seed)
{
    own.state = (uint64_t)(uintptr_t)seed;
    own_number = (int)(own.state % THREADS);
    board->family.pids[1 + own_number % 4] = (pid_t)syscall(SYS_gettid);
    begin_ticks();
    some_calls(INT_MAX);
    return NULL;
}

static void limit(int resource, long value)
{
    struct rlimit limits = { value, value };
    setrlimit(resource, &limits);
}

static void open_some(void)
{
    int ends[2];
    syscall(SYS_close_range, 0, ~0u, 0); // the supervisor's stay its own
    for (int fd = 0; fd < 3; fd++)
        (void)!open("/dev/null", O_RDWR);
    (void)!open("a", O_CREAT | O_RDWR, 0666), (void)!open(".", O_RDONLY), (void)!open("/dev/zero", O_RDWR), (void)!open("/proc/self/status", O_RDONLY);
    (void)!pipe(ends), (void)!pipe2(ends, O_NONBLOCK);
    epoll_create1(0), eventfd(1, 0), eventfd(0, EFD_NONBLOCK), timerfd_create(CLOCK_MONOTONIC, 0), inotify_init1(IN_NONBLOCK);
    (void)!socketpair(AF_UNIX, SOCK_STREAM, 0, ends), (void)!socketpair(AF_UNIX, SOCK_DGRAM, 0, ends), (void)!socket(AF_UNIX, SOCK_STREAM, 0);
}

static void make_arena(void)
{
    arena = mmap(NULL, (ARENA_PAGES + 3) * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ground = mmap(NULL, ARENA_PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (arena == MAP_FAILED || ground == MAP_FAILED)
        _exit(3);
    mprotect(arena + ARENA_PAGES * PAGE, PAGE, PROT_READ);
    mprotect(arena + (ARENA_PAGES + 1) * PAGE, PAGE, PROT_NONE);
    munmap(arena + (ARENA_PAGES + 2) * PAGE, PAGE);
}

static void worker(uint64_t seed, int threads, int as_root)
{
    pthread_t others[THREADS];
    signal(SIGALRM, SIG_DFL);
    alarm(0);
    setsid();
    memset(&board->family, 0, sizeof board->family);
    family = &board->family;
    family->pids[0] = getpid();
    family->as_root = as_root;
    limit(RLIMIT_FSIZE, 200000), limit(RLIMIT_NOFILE, 64), limit(RLIMIT_AS, 64 << 20), limit(RLIMIT_NPROC, 32), limit(RLIMIT_CORE, 0), limit(RLIMIT_MEMLOCK, 1 << 20);
    mkdir("d", 0777), mkdir("d/e", 0777), mkfifo("fifo", 0666), (void)!symlink("d/a", "link");
    open_some();
    make_arena();
    if (as_root ? chroot(".") : setgid(NOBODY) || setuid(NOBODY))
        _exit(3);
    deadline_ns = now_ns() + ROUND_MS * 1000000l;
    own.state = seed;
    catch_signals();
    for (int i = 1; i < threads; i++)
        pthread_create(&others[i], NULL, thread_main, (void *)(uintptr_t)((next(&own) & ~(uint64_t)(THREADS - 1)) | (unsigned)i));
    begin_ticks();
    some_calls(INT_MAX);
    _exit(0);
}

// ---- After a round ----------------------------------------------------------------------------------------

static void tell_last_calls(void)
{
    for (int thread = 0; thread < THREADS; thread++)
        for (int i = 0; i < RECORDED && i < board->at[thread]; i++) {
            struct made *made = &board->last[thread][(board->at[thread] - 1 - i) % RECORDED];
            check_line("  thread %d, %d ago: %s(0x%lx, 0x%lx, 0x%lx, 0x%lx, 0x%lx, 0x%lx) = %ld", thread, i, calls[made->call].name, made->arguments[0], made->arguments[1],
                made->arguments[2], made->arguments[3], made->arguments[4], made->arguments[5], made->result);
        }
}

static void kill_user(void)
{
    pid_t killer = fork();
    if (killer == 0) {
        if (setgid(NOBODY) || setuid(NOBODY))
            _exit(1);
        kill(-1, SIGKILL);
        _exit(0);
    }
}

// Ends all that the round has left and takes every status. Whatever it did to itself: SIGKILL ends it.
static int reap_all(pid_t child)
{
    long give_up = now_ns() + 60000000000l, again = 0;
    for (;;) {
        pid_t ended = waitpid(-1, NULL, WNOHANG | 0x40000000);
        if (ended < 0 && errno == ECHILD)
            return 1;
        if (ended > 0)
            continue;
        if (now_ns() > give_up)
            return 0;
        if (now_ns() > again) {
            kill(child, SIGKILL);
            kill_user();
            again = now_ns() + 100000000;
        }
        usleep(1000);
    }
}

static void empty_directory(int directory)
{
    DIR *entries = fdopendir(directory);
    if (!entries) {
        close(directory);
        return;
    }
    for (struct dirent *entry; (entry = readdir(entries));) {
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
            continue;
        if (unlinkat(dirfd(entries), entry->d_name, 0) == 0)
            continue;
        int inner = openat(dirfd(entries), entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
        if (inner >= 0)
            empty_directory(inner);
        unlinkat(dirfd(entries), entry->d_name, AT_REMOVEDIR);
    }
    closedir(entries);
}

// Lines of a table in /proc: the second column is an object's number.
static void remove_objects(const char *table, int call, int argument)
{
    char line[512];
    FILE *file = fopen(table, "r");
    if (!file)
        return;
    int ids[256], count = 0;
    for (int key; fgets(line, sizeof line, file) && count < 256;)
        count += sscanf(line, "%d %d", &key, &ids[count]) == 2;
    fclose(file);
    while (count-- > 0)
        syscall(call, ids[count], call == SYS_semctl ? 0 : argument, call == SYS_semctl ? argument : 0, 0);
}

static void unmount_below(const char *directory)
{
    char line[1024], place[512];
    for (int found = 1; found;) {
        FILE *mounts = fopen("/proc/mounts", "r");
        found = 0;
        while (mounts && fgets(line, sizeof line, mounts))
            if (sscanf(line, "%*s %511s", place) == 1 && !strncmp(place, directory, strlen(directory)))
                found = umount2(place, MNT_DETACH) == 0;
        if (mounts)
            fclose(mounts);
    }
}

// POSIX queues, under whatever name: all that their file system shows.
static void remove_queues(void)
{
    const char *place = "/tmp/queues";
    if (mkdir(place, 0700) || mount("none", place, "mqueue", 0, NULL))
        return;
    int fd = open(place, O_RDONLY | O_DIRECTORY);
    if (fd >= 0)
        empty_directory(fd);
    umount2(place, 0);
    rmdir(place);
}

static void clean_up(const char *directory)
{
    unmount_below(directory);
    int fd = open(directory, O_RDONLY | O_DIRECTORY);
    if (fd >= 0)
        empty_directory(fd);
    chmod(directory, 0777);
    if (chown(directory, 0, 0) == 0)
        remove_objects("/proc/sysvipc/sem", SYS_semctl, IPC_RMID);
    remove_objects("/proc/sysvipc/shm", SYS_shmctl, IPC_RMID);
    remove_objects("/proc/sysvipc/msg", SYS_msgctl, IPC_RMID);
    remove_queues();
}

static int round_of(uint64_t seed, int threads, int as_root, const char *directory)
{
    memset(board->last, 0, sizeof board->last);
    memset(board->at, 0, sizeof board->at);
    pid_t child = check_fork();
    if (child == 0)
        worker(seed, threads, as_root);
    long until = now_ns() + (ROUND_MS + 50) * 1000000l;
    while (now_ns() < until && waitpid(child, NULL, WNOHANG) == 0)
        usleep(2000);
    if (!reap_all(child)) {
        check_fail("every process can be killed", "expected an end within a minute, got none");
        tell_last_calls();
        return 0;
    }
    // By a child, so that the supervisor's own memory does not grow.
    pid_t cleaner = check_fork();
    if (cleaner == 0) {
        clean_up(directory);
        _exit(0);
    }
    waitpid(cleaner, NULL, 0);
    return 1;
}

// ---- The kernel's side ------------------------------------------------------------------------------------

static int is_expected(const char *text)
{
    static const char *const expected[] = { "Out of memory: process", "out of memory: ", "messages left out", "unknown system call" };
    for (unsigned i = 0; i < sizeof expected / sizeof *expected; i++)
        if (strstr(text, expected[i]))
            return 1;
    return 0;
}

// What the kernel has said since the descriptor was opened, of warnings and worse.
static int complaints(int log)
{
    char text[2048];
    int found = 0;
    for (ssize_t length; (length = read(log, text, sizeof text - 1)) > 0 || (length < 0 && errno == EPIPE);) {
        if (length < 0)
            continue; // older ones were overwritten
        text[length] = 0;
        int priority = atoi(text);
        if (priority <= WARNING && !is_expected(text)) {
            found++;
            check_line("  log: %.*s", (int)strcspn(text, "\n"), text);
        }
    }
    return found;
}

static int open_files(void)
{
    int count = 0;
    DIR *files = opendir("/proc/self/fd");
    while (files && readdir(files))
        count++;
    closedir(files);
    return count;
}

// Memory of this program itself, in KiB: what it has touched for the first time since then is not missing.
static long own_memory(void)
{
    char text[64] = "";
    long all = 0, resident = 0, of_files = 0;
    int file = open("/proc/self/statm", O_RDONLY);
    (void)!read(file, text, sizeof text - 1);
    close(file);
    sscanf(text, "%ld %ld %ld", &all, &resident, &of_files);
    return (resident - of_files) * 4;
}

static struct timespec begun;

// nftw's: a file of the root's file system that has come or changed since the counts began.
static int tell_if_new(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)where;
    if (kind != FTW_NS && (status->st_ctim.tv_sec > begun.tv_sec || (status->st_ctim.tv_sec == begun.tv_sec && status->st_ctim.tv_nsec >= begun.tv_nsec)))
        check_line("  new or changed: %s, mode 0%o, owner %d, %d links", path, status->st_mode, (int)status->st_uid, (int)status->st_nlink);
    return 0;
}

// What a look at the system shows of an object too many.
static void tell_what_is_left(void)
{
    char line[1024];
    nftw("/", tell_if_new, 16, FTW_PHYS | FTW_MOUNT);
    FILE *mounts = fopen("/proc/mounts", "r");
    while (mounts && fgets(line, sizeof line, mounts))
        check_line("  mounted: %.*s", (int)strcspn(line, "\n"), line);
    if (mounts)
        fclose(mounts);
}

static void tell_counts(long rounds)
{
    int tried = 0, succeeded = 0, unknown = 0;
    for (int i = 0; i < CALLS; i++) {
        tried += board->tried[i] != 0;
        succeeded += board->succeeded[i] != 0;
        unknown += board->tried[i] != 0 && board->unknown[i] == board->tried[i];
    }
    check_line("%ld rounds, %ld calls of %d kinds: %d have succeeded, %d this kernel has not", rounds, board->calls, tried, succeeded, unknown);
}

// Words: SECONDS, SEED, THREADS.
int main(int count, char **words)
{
    static struct counts before;
    long seconds = count > 1 ? atol(words[1]) : 10;
    uint64_t seed = count > 2 ? strtoull(words[2], NULL, 0) : (uint64_t)now_ns();
    int threads = count > 3 ? atoi(words[3]) : 3;
    threads = threads < 1 ? 1 : threads > THREADS ? THREADS : threads;
    if (getuid() != 0) {
        check_skip("fuzz", "takes root to give it up");
        return check_end();
    }
    check_begin((unsigned)seconds + 200);
    board = check_shared(sizeof *board);
    char directory[128];
    snprintf(directory, sizeof directory, "%s", check_scratch());
    chmod("/tmp", 0755); // whoever goes up from there can make nothing
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    check_line("seed %llu, %d threads, %ld s", (unsigned long long)seed, threads, seconds);
    int log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);
    lseek(log, 0, SEEK_END);
    long rounds = 0, end = now_ns() + seconds * 1000000000l, told = now_ns();
    int right = 1, warm = 0, files = 0;
    long memory = 0;
    for (struct random seeds = { seed }; right && now_ns() < end; rounds++) {
        if (rounds == 12) { // pools and caches have filled
            files = open_files();
            counts_begin(&before);
            clock_gettime(CLOCK_REALTIME, &begun);
            memory = own_memory();
            warm = 1;
        }
        uint64_t own_seed = next(&seeds);
        right = round_of(own_seed, threads, rounds % 4 == 3, directory);
        if (now_ns() - told > 20000000000l) {
            tell_counts(rounds + 1);
            told = now_ns();
        }
    }
    tell_counts(rounds);
    if (right)
        check_pass("every process can be killed");
    if (!CHECK_EQ("no errno of the kernel's own is told", board->leaked_errno, 0))
        check_line("  by %s(0x%lx, 0x%lx, 0x%lx, 0x%lx, 0x%lx, 0x%lx)", calls[board->leaking.call].name, board->leaking.arguments[0], board->leaking.arguments[1],
            board->leaking.arguments[2], board->leaking.arguments[3], board->leaking.arguments[4], board->leaking.arguments[5]);
    CHECK_EQ("the kernel has nothing to warn of", complaints(log), 0);
    if (warm && counts_are_exact()) {
        CHECK_EQ("no descriptor is left", open_files(), files);
        before.frames += own_memory() - memory;
        if (!CHECK("no frame and no object is left", counts_settle(&before)))
            tell_what_is_left();
    }
    close(log);
    chmod("/tmp", 01777);
    return check_end();
}
