// Reading the files of /proc: for the programs about them.
#ifndef PROC_H
#define PROC_H

#include "check.h"

static char text[262144];

// Reads a whole file in pieces; gives its length or -1, and ends it with a NUL.
static long slurp(const char *format, ...) __attribute__((format(printf, 1, 2)));
static long slurp(const char *format, ...)
{
    char path[128];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(path, sizeof path, format, arguments);
    va_end(arguments);
    long total = 0, length;
    int fd = open(path, O_RDONLY);
    text[0] = 0;
    if (fd < 0)
        return -1;
    while (total < (long)sizeof text - 1 && (length = read(fd, text + total, sizeof text - 1 - total)) > 0)
        total += length;
    text[total] = 0;
    close(fd);
    return total;
}

// The number behind `key` at the start of a line, or -1.
UNUSED static long long value_of(const char *key)
{
    for (char *line = text; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
        if (!strncmp(line, key, strlen(key)))
            return strtoll(line + strlen(key), NULL, 10);
    return -1;
}

#endif
