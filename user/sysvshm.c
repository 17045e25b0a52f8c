// System V shared memory: by key, attached in several ways, shared by processes, removed while attached, counted through fork, exec, exit and
// partial unmapping, protection, permissions, locking, limits, /proc/sysvipc/shm and /proc/PID/maps, and attaching beside removal.
// cpus: 1 2 4
// host: root
// timeout: 100
#include "check.h"
#include <limits.h>
#include <sched.h>
#include <sys/ipc.h>
#include <sys/resource.h>
#include <sys/shm.h>

#ifndef SHM_STAT_ANY
#define SHM_STAT_ANY 15
#endif
#ifndef SHM_EXEC
#define SHM_EXEC 0100000
#endif
#ifndef SHM_DEST
#define SHM_DEST 01000
#define SHM_LOCKED 02000
#endif
#define PAGE 4096ul
#define FAILED ((void *)-1)

struct limits { unsigned long max, min, mni, seg, all, unused[4]; };
struct use { int used, pad; unsigned long total, resident, swapped, attempts, successes; };

static int new_segment(size_t size) { return shmget(IPC_PRIVATE, size, 0600); }
static void end_segment(int id) { shmctl(id, IPC_RMID, NULL); }

static struct shmid_ds stat_of(int id)
{
    struct shmid_ds status;
    memset(&status, 0xee, sizeof status);
    if (shmctl(id, IPC_STAT, &status))
        status.shm_nattch = -1;
    return status;
}

static long attached(int id) { return stat_of(id).shm_nattch; }

static int reap(pid_t child)
{
    int status = -1;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) { }
    return status;
}

static void keys(void)
{
    key_t key = 0x4a697300 + (getpid() & 0xff);
    CHECK_ERR("get: none there", shmget(key, 1, 0), ENOENT);
    CHECK_ERR("get: no bytes", shmget(key, 0, IPC_CREAT | 0600), EINVAL);
    int id = shmget(key, 5000, IPC_CREAT | IPC_EXCL | 0640);
    CHECK("get: made", id >= 0);
    CHECK_EQ("get: found", shmget(key, 0, 0), id);
    CHECK_EQ("get: fewer bytes are asked for", shmget(key, 4000, 0), id);
    CHECK_ERR("get: more than there are", shmget(key, 5001, 0), EINVAL);
    CHECK_ERR("get: exclusively", shmget(key, 1, IPC_CREAT | IPC_EXCL), EEXIST);
    struct shmid_ds status = stat_of(id);
    CHECK_EQ("stat: key", status.shm_perm.__key, key);
    CHECK_EQ("stat: mode", status.shm_perm.mode, 0640);
    CHECK_EQ("stat: bytes", status.shm_segsz, 5000);
    CHECK("stat: nothing yet", status.shm_nattch == 0 && status.shm_atime == 0 && status.shm_dtime == 0 && status.shm_lpid == 0);
    CHECK("stat: by whom and when", status.shm_cpid == getpid() && labs((long)(time(NULL) - status.shm_ctime)) < 100);
    end_segment(id);
    CHECK_ERR("removed: by key", shmget(key, 1, 0), ENOENT);
    CHECK("removed: by id", shmat(id, NULL, 0) == FAILED && errno == EINVAL);
    CHECK_ERR("removed: twice", shmctl(id, IPC_RMID, NULL), EINVAL);
    CHECK("huge pages, of which there are none", shmget(IPC_PRIVATE, PAGE, 04000 | 0600) < 0 && (errno == ENOMEM || errno == EINVAL || errno == EPERM));
    CHECK_ERR("more than there is", shmget(IPC_PRIVATE, 1ul << 46, 0600), ENOMEM);
    CHECK_ERR("more than can be", shmget(IPC_PRIVATE, ~0ul, 0600), EINVAL);
}

static void attaching(void)
{
    int id = new_segment(2 * PAGE + 1);
    void *unrelated = check_shared(PAGE);
    char *first = shmat(id, NULL, 0), *second = shmat(id, NULL, 0);
    CHECK("two places", first != FAILED && second != FAILED && first != second);
    CHECK_EQ("zeros", first[0] + first[2 * PAGE] + first[3 * PAGE - 1], 0);
    first[5] = 7, second[2 * PAGE + 9] = 8;
    CHECK("one memory", second[5] == 7 && first[2 * PAGE + 9] == 8);
    struct shmid_ds status = stat_of(id);
    CHECK("counted", status.shm_nattch == 2 && status.shm_lpid == getpid() && status.shm_atime >= status.shm_ctime && status.shm_dtime == 0);
    CHECK_OK("detach", shmdt(first));
    CHECK_ERR("detach: twice", shmdt(first), EINVAL);
    CHECK_ERR("detach: not its beginning", shmdt(second + PAGE), EINVAL);
    CHECK_ERR("detach: unaligned", shmdt(second + 1), EINVAL);
    CHECK_ERR("detach: other memory", shmdt(unrelated), EINVAL);
    status = stat_of(id);
    CHECK("detached", status.shm_nattch == 1 && status.shm_dtime >= status.shm_ctime);
    CHECK("attach: unaligned", shmat(id, first + 1, 0) == FAILED && errno == EINVAL);
    CHECK("attach: rounded", shmat(id, first + 1, SHM_RND) == first);
    CHECK_EQ("attach: the same contents", first[5], 7);
    CHECK("attach: something is there", shmat(id, first, 0) == FAILED && errno == EINVAL);
    CHECK("attach: partly", shmat(id, first - PAGE, 0) == FAILED && errno == EINVAL);
    CHECK("attach: nowhere in its place", shmat(id, NULL, SHM_REMAP) == FAILED && errno == EINVAL);
    CHECK("attach: beyond user memory", shmat(id, (void *)-0x100000ul, 0) == FAILED && (errno == EINVAL || errno == ENOMEM));
    char *other = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    other[5] = 1;
    CHECK("attach: in place of what is there", shmat(id, other, SHM_REMAP) == other);
    CHECK_EQ("attach: which is gone", other[5], 7);
    CHECK_EQ("attach: in place of itself", attached(id), 3);
    CHECK("attach: over itself", shmat(id, other, SHM_REMAP) == other && attached(id) == 3);
    shmdt(first), shmdt(other);

    // Read only; execution.
    char *read_only = shmat(id, NULL, SHM_RDONLY);
    CHECK_EQ("read only", read_only[5], 7);
    CHECK_ERR("read only: stays so", mprotect(read_only, PAGE, PROT_READ | PROT_WRITE), EACCES);
    pid_t child = check_fork();
    if (child == 0) {
        *(volatile char *)read_only = 1;
        _exit(0);
    }
    CHECK_EQ("read only: a write", reap(child), KILLED(SIGSEGV));
    shmdt(read_only);
    char *code = shmat(id, NULL, SHM_EXEC);
    code[100] = (char)0xc3;
    ((void (*)(void))(code + 100))();
    check_pass("code is executed");
    shmdt(code);
    CHECK_EQ("one is left", attached(id), 1);

    // Parts of it: each area counts, and shmdt takes them all.
    munmap(second + PAGE, PAGE);
    CHECK_EQ("a hole: two areas", attached(id), 2);
    CHECK_OK("detach what is left", shmdt(second));
    CHECK_EQ("detached", attached(id), 0);
    second = shmat(id, NULL, 0);
    munmap(second, PAGE);
    CHECK_EQ("without its first page", attached(id), 1);
    CHECK_OK("detach by where it began", shmdt(second));
    CHECK_EQ("detached, too", attached(id), 0);
    second = shmat(id, NULL, 0);
    mprotect(second, PAGE, PROT_READ);
    CHECK_EQ("two protections: two areas", attached(id), 2);
    mprotect(second, PAGE, PROT_READ | PROT_WRITE);
    CHECK_EQ("alike again: still two areas", attached(id), 2);
    char *moved = mremap(second, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    CHECK("moved: the same contents", moved != FAILED && moved[5] == 7);
    shmdt(moved), shmdt(second);
    CHECK_EQ("all gone", attached(id), 0);
    char *room = mmap(NULL, 6 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    shmat(id, room, SHM_REMAP), shmat(id, room + 3 * PAGE, SHM_REMAP);
    CHECK_EQ("side by side: two", attached(id), 2);
    CHECK("side by side: both are it", room[5] == 7 && room[3 * PAGE + 5] == 7);
    CHECK_OK("detach: the one behind", shmdt(room + 3 * PAGE));
    CHECK_EQ("side by side: one is left", attached(id), 1);
    shmdt(room);
    end_segment(id);
    CHECK("no segment", shmat(-1, NULL, 0) == FAILED && errno == EINVAL);
    CHECK("no segment there", shmat(INT_MAX, NULL, 0) == FAILED && errno == EINVAL);
}

static void families(void)
{
    int id = new_segment(PAGE);
    volatile int *shared = shmat(id, NULL, 0);
    struct gate gate = gate_make();
    pid_t child = check_fork();
    if (child == 0) {
        shared[0] = 55;
        shared[1] = attached(id);
        gate_wait(&gate);
        _exit(0);
    }
    while (shared[1] == 0)
        sched_yield();
    CHECK_EQ("fork: attached, too", shared[1], 2);
    CHECK_EQ("fork: one memory", shared[0], 55);
    gate_open(&gate);
    reap(child);
    CHECK_EQ("exit: detached", attached(id), 1);
    CHECK_EQ("exit: by whom", stat_of(id).shm_lpid, child);
    child = check_fork();
    if (child == 0) {
        char number[16];
        snprintf(number, sizeof number, "%d", id);
        execl("/proc/self/exe", "sysvshm", number, NULL);
        _exit(99);
    }
    CHECK_EQ("exec: detached", reap(child), EXITED(1));
    child = check_fork();
    if (child == 0)
        raise(SIGKILL);
    reap(child);
    CHECK_EQ("killed: detached", attached(id), 1);

    // Removed while attached: it stays, without its key, until the last has gone.
    shmdt((void *)shared);
    end_segment(id);
    key_t key = 0x4a697500 + (getpid() & 0xff);
    id = shmget(key, PAGE, IPC_CREAT | 0600);
    shared = shmat(id, NULL, 0);
    shared[7] = 77;
    CHECK_OK("removed while attached", shmctl(id, IPC_RMID, NULL));
    CHECK_ERR("its key is free", shmget(key, 0, 0), ENOENT);
    CHECK("marked", stat_of(id).shm_perm.mode == (0600 | SHM_DEST) && stat_of(id).shm_perm.__key == IPC_PRIVATE);
    CHECK_EQ("its contents stay", shared[7], 77);
    volatile int *again = shmat(id, NULL, 0);
    CHECK("its id serves still", again != FAILED && again[7] == 77);
    int other = shmget(key, PAGE, IPC_CREAT | IPC_EXCL | 0600);
    CHECK("another under that key", other >= 0 && other != id);
    end_segment(other);
    child = check_fork();
    if (child == 0) {
        shmdt((void *)shared), shmdt((void *)again);
        _exit(attached(id) == 2 ? 0 : 1);
    }
    CHECK_EQ("a child lets go", reap(child), EXITED(0));
    shmdt((void *)shared);
    CHECK_EQ("one is left", attached(id), 1);
    CHECK_OK("removed twice", shmctl(id, IPC_RMID, NULL));
    shmdt((void *)again);
    CHECK_EQ("gone with the last", attached(id), -1);
    CHECK_ERR("and its id", shmctl(id, IPC_RMID, NULL), EINVAL);
}

static void permissions(void)
{
    if (geteuid() != 0) {
        check_skip("permissions", "not root");
        return;
    }
    int own = shmget(IPC_PRIVATE, PAGE, 0600), read_only = shmget(0x4a697600, PAGE, IPC_CREAT | 0644), large = shmget(IPC_PRIVATE, 16 * PAGE, 0666);
    pid_t child = check_fork();
    if (child == 0) {
        check_counts = (struct check_counts){ 0, 0, 0 };
        (void)!setgid(NOBODY), (void)!setuid(NOBODY);
        struct shmid_ds status;
        CHECK("another's: attach", shmat(own, NULL, SHM_RDONLY) == FAILED && errno == EACCES);
        CHECK_ERR("another's: stat", shmctl(own, IPC_STAT, &status), EACCES);
        CHECK_ERR("another's: set", shmctl(own, IPC_SET, &(struct shmid_ds){ .shm_segsz = 0 }), EPERM);
        CHECK_ERR("another's: remove", shmctl(own, IPC_RMID, NULL), EPERM);
        CHECK_ERR("another's: lock", shmctl(large, SHM_LOCK, NULL), EPERM);
        CHECK("may be read", shmat(read_only, NULL, SHM_RDONLY) != FAILED);
        CHECK("not written", shmat(read_only, NULL, 0) == FAILED && errno == EACCES);
        CHECK("not executed", shmat(read_only, NULL, SHM_RDONLY | SHM_EXEC) == FAILED && errno == EACCES);
        CHECK_ERR("by key: to write", shmget(0x4a697600, 0, 0600), EACCES);
        CHECK_EQ("by key: to read", shmget(0x4a697600, 0, 0400), read_only);
        int mine = shmget(IPC_PRIVATE, 4 * PAGE, 0600);
        struct rlimit limit = { 2 * PAGE, 2 * PAGE };
        CHECK_OK("one's own: lock", shmctl(mine, SHM_LOCK, NULL));
        CHECK_EQ("one's own: marked", stat_of(mine).shm_perm.mode, 0600 | SHM_LOCKED);
        CHECK_OK("one's own: unlock", shmctl(mine, SHM_UNLOCK, NULL));
        setrlimit(RLIMIT_MEMLOCK, &limit);
        CHECK_ERR("one's own: more than the limit", shmctl(mine, SHM_LOCK, NULL), ENOMEM);
        limit.rlim_cur = 0;
        setrlimit(RLIMIT_MEMLOCK, &limit);
        CHECK_ERR("one's own: no locking", shmctl(mine, SHM_LOCK, NULL), EPERM);
        end_segment(mine);
        _exit(check_counts.failed);
    }
    CHECK_EQ("as another user", reap(child), EXITED(0));
    struct shmid_ds status = stat_of(own);
    status.shm_perm.uid = NOBODY, status.shm_perm.mode = 0440;
    CHECK_OK("set", shmctl(own, IPC_SET, &status));
    CHECK("set: owner and mode", stat_of(own).shm_perm.uid == NOBODY && stat_of(own).shm_perm.mode == 0440 && stat_of(own).shm_perm.cuid == 0);
    end_segment(own), end_segment(read_only), end_segment(large);
}

static char text[65536];
static const char *content(const char *path)
{
    int fd = open(path, O_RDONLY);
    ssize_t length, total = 0;
    while ((length = read(fd, text + total, sizeof text - 1 - total)) > 0)
        total += length;
    text[total] = 0;
    close(fd);
    return text;
}

static int put_text(const char *path, const char *value)
{
    int fd = open(path, O_WRONLY), result = fd < 0 ? -1 : (int)write(fd, value, strlen(value));
    close(fd);
    return result;
}

static void shown(void)
{
    int id = shmget(0x00ab5eed, 3 * PAGE - 1, IPC_CREAT | 0640);
    char *place = shmat(id, NULL, 0), line[400];
    place[0] = place[PAGE] = 1;
    snprintf(line, sizeof line, "%08lx-%08lx rw-s 00000000 00:01 %d ", (unsigned long)place, (unsigned long)place + 3 * PAGE, id);
    char *found = strstr(content("/proc/self/maps"), line);
    CHECK("maps: the line", found != NULL);
    CHECK("maps: the name", found && strstr(found, "/SYSV00ab5eed (deleted)\n") && strchr(found, '\n') == strstr(found, "/SYSV00ab5eed (deleted)\n") + 23);
    struct limits limits;
    CHECK("info: highest index", shmctl(0, IPC_INFO, (void *)&limits) >= (id & 0x7fff));
    CHECK("info", limits.max == ULONG_MAX - (1 << 24) && limits.min == 1 && limits.mni == 4096 && limits.seg == 4096 && limits.all == ULONG_MAX - (1 << 24));
    struct use use;
    shmctl(0, SHM_INFO, (void *)&use);
    CHECK("use", use.used >= 1 && use.total >= 3 && use.resident >= 2 && use.swapped == 0);
    struct shmid_ds status;
    CHECK_EQ("by index", shmctl(id & 0x7fff, SHM_STAT, &status), id);
    CHECK_EQ("by index, anyone", shmctl(id & 0x7fff, SHM_STAT_ANY, &status), id);
    CHECK_EQ("by index: the segment", status.shm_segsz, 3 * PAGE - 1);
    CHECK_ERR("by index: none", shmctl(0x7ffe, SHM_STAT, &status), EINVAL);
    CHECK_ERR("no such command", shmctl(id, 99, &status), EINVAL);
    CHECK_ERR("bad pointer", shmctl(id, IPC_STAT, (void *)8), EFAULT);
    content("/proc/sysvipc/shm");
    CHECK("shown: head", !strncmp(text, "       key      shmid perms                  size  cpid  lpid nattch   uid   gid  cuid  cgid      atime      dtime      ctime                   rss                  swap\n", 168));
    snprintf(line, sizeof line, "%10d %10d  %4o %21lu %5u %5u  %5lu %5u %5u %5u %5u %10llu %10llu %10llu %21lu %21lu\n", 0x00ab5eed, id, 0640, 3 * PAGE - 1, getpid(), getpid(),
        1ul, geteuid(), getegid(), geteuid(), getegid(), (unsigned long long)status.shm_atime, 0ull, (unsigned long long)status.shm_ctime, 2 * PAGE, 0ul);
    CHECK("shown: the line", strstr(text, line) != NULL);
    shmdt(place);
    end_segment(id);
    if (geteuid() != 0) {
        check_skip("limits", "not root");
        return;
    }
    CHECK_STR("limits: largest", content("/proc/sys/kernel/shmmax"), "18446744073692774399\n");
    CHECK_STR("limits: all", content("/proc/sys/kernel/shmall"), "18446744073692774399\n");
    CHECK_STR("limits: segments", content("/proc/sys/kernel/shmmni"), "4096\n");
    put_text("/proc/sys/kernel/shmmax", "8192");
    CHECK_ERR("limits: too large", new_segment(8193), EINVAL);
    shmctl(0, SHM_INFO, (void *)&use);
    snprintf(line, sizeof line, "%lu", use.total + 3);
    put_text("/proc/sys/kernel/shmall", line);
    id = new_segment(8192);
    CHECK_ERR("limits: too much in all", new_segment(8192), ENOSPC);
    snprintf(line, sizeof line, "%d", use.used + 1);
    put_text("/proc/sys/kernel/shmmni", line);
    CHECK_ERR("limits: too many", new_segment(1), ENOSPC);
    put_text("/proc/sys/kernel/shmmni", "4096"), put_text("/proc/sys/kernel/shmall", "18446744073692774399"), put_text("/proc/sys/kernel/shmmax", "18446744073692774399");
    end_segment(id);
}

// Some attach, use and detach; others make and remove: what is attached is always whole, and nothing is left.
static void crowd(void)
{
    enum { CHILDREN = 4, ROUNDS = 200 };
    key_t key = 0x4a697700 + (getpid() & 0xff);
    struct use before, after;
    shmctl(0, SHM_INFO, (void *)&before);
    pid_t children[CHILDREN];
    int failed = 0;
    for (int i = 0; i < CHILDREN; i++)
        if ((children[i] = check_fork()) == 0) {
            for (int round = 0; round < ROUNDS; round++) {
                int id = shmget(key, 2 * PAGE, IPC_CREAT | 0600);
                if (id < 0)
                    _exit(1);
                volatile int *place = shmat(id, NULL, 0);
                if (place == FAILED) {
                    if (errno != EINVAL && errno != EIDRM)
                        _exit(2);
                    continue;
                }
                place[1024 + i] = round + 1;
                sched_yield();
                if (place[1024 + i] != round + 1)
                    _exit(3);
                if (round % 3 == i % 3 && shmctl(id, IPC_RMID, NULL) && errno != EINVAL && errno != EIDRM)
                    _exit(4);
                if (place[1024 + i] != round + 1)
                    _exit(5);
                if (round % 5 && shmdt((void *)place))
                    _exit(6);
            }
            _exit(0);
        }
    for (int i = 0; i < CHILDREN; i++)
        failed += reap(children[i]);
    CHECK_EQ("crowd: no error", failed, 0);
    int id = shmget(key, 0, 0);
    if (id >= 0)
        end_segment(id);
    shmctl(0, SHM_INFO, (void *)&after);
    CHECK("crowd: nothing is left", after.used == before.used && after.total == before.total && after.resident == before.resident);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return attached(atoi(argv[1]));
    check_begin(90);
    keys();
    attaching();
    families();
    permissions();
    shown();
    crowd();
    return check_end();
}
