// The kernel's own counts of what is in use, before and after: for programs that demand that nothing is left behind.
// Frames in use: MemTotal - MemFree less the kernel stacks, which are kept for the next task. Objects in use: /proc/slabinfo.
// Only on our kernel are these exact; elsewhere counts_are_exact() is false.
#ifndef COUNTS_H
#define COUNTS_H

#include "check.h"
#include <sys/utsname.h>

#define POOLS 160

struct counts {
    long frames; // in KiB
    int pools;
    struct { char name[24]; long used; } pool[POOLS];
};

static char counts_text[65536];

static int counts_read(const char *path)
{
    int fd = open(path, O_RDONLY);
    long total = 0, length;
    while (fd >= 0 && total < (long)sizeof counts_text - 1 && (length = read(fd, counts_text + total, sizeof counts_text - 1 - total)) > 0)
        total += length;
    counts_text[total] = 0;
    close(fd);
    return fd >= 0;
}

static long counts_value(const char *key)
{
    char *line = strstr(counts_text, key);
    return line ? atol(line + strlen(key)) : 0;
}

static void counts_take(struct counts *counts)
{
    counts_read("/proc/slabinfo");
    counts->pools = 0;
    for (char *line = strchr(counts_text, '\n'); line && counts->pools < POOLS; line = strchr(line + 1, '\n'))
        if (sscanf(line + 1, "%23s %ld", counts->pool[counts->pools].name, &counts->pool[counts->pools].used) == 2)
            counts->pools++;
    counts_read("/proc/meminfo");
    counts->frames = counts_value("MemTotal:") - counts_value("MemFree:") - counts_value("KernelStack:");
}

static int counts_equal(const struct counts *a, const struct counts *b)
{
    if (a->frames != b->frames || a->pools != b->pools)
        return 0;
    for (int i = 0; i < a->pools; i++)
        if (a->pool[i].used != b->pool[i].used)
            return 0;
    return 1;
}

// What has ended may still be on its way off a CPU: the counts have a while to become what they were.
static int counts_settle(const struct counts *before)
{
    static struct counts now;
    for (int i = 0; i < 400; i++) {
        counts_take(&now);
        if (counts_equal(before, &now))
            return 1;
        usleep(5000);
    }
    if (before->frames != now.frames)
        check_line("  frames: %ld kB before, %ld kB after", before->frames, now.frames);
    for (int i = 0; i < before->pools; i++)
        if (before->pool[i].used != now.pool[i].used)
            check_line("  %s: %ld before, %ld after", before->pool[i].name, before->pool[i].used, now.pool[i].used);
    return 0;
}

// The counts once they have stayed the same for so many looks in a row.
static void counts_rest(struct counts *counts, int looks, int microseconds)
{
    static struct counts now;
    counts_take(counts);
    for (int same = 0, i = 0; same < looks && i < 100; i++) {
        usleep(microseconds);
        counts_take(&now);
        same = counts_equal(counts, &now) ? same + 1 : 0;
        *counts = now;
    }
}

// The counts once nothing else changes them: the one who watched over an earlier test's time may take a second to go.
UNUSED static void counts_begin(struct counts *counts)
{
    counts_rest(counts, 15, 100000);
    counts_settle(counts); // the page of its own notes is there from now on
}

static int counts_are_exact(void)
{
    struct utsname names;
    return uname(&names) == 0 && strstr(names.version, "Jiffy") != NULL;
}

#endif
