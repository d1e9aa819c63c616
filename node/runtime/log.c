#include "node/runtime/log.h"

#include "node/base/id.h"
#include "node/runtime/journal.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_BYTES 1024

static char log_process[NAME_LEN] = "rehome";
static enum log_level log_up_to = LOG_INFO;
static bool log_to_journal;

void log_setup(const char *process, enum log_level level)
{
    snprintf(log_process, sizeof log_process, "%s", process);
    log_up_to = level;
    log_to_journal = journal_reached();
}

/* What begins a line, unless it goes to the journal, which knows all that. */
static size_t begin_line(enum log_level level, char *line, size_t size)
{
    static const char *const words[] = {"error", "warn", "info", "debug"};
    struct timespec now;
    struct tm tm;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &tm);
    size_t n = strftime(line, size, "time=%Y-%m-%dT%H:%M:%S", &tm);
    n += (size_t)snprintf(line + n, size - n, ".%06ldZ level=%s process=%s ", now.tv_nsec / 1000,
                          words[level], log_process);
    return n;
}

void log_line(enum log_level level, const char *format, ...)
{
    static const int priorities[] = {3, 4, 6, 7}; /* as of syslog(3) */
    if (level > log_up_to) {
        return;
    }
    char line[LINE_MAX_BYTES];
    size_t n = log_to_journal ? 0 : begin_line(level, line, sizeof line);
    va_list args;
    va_start(args, format);
    int more = vsnprintf(line + n, sizeof line - n - 1, format, args);
    va_end(args);
    if (log_to_journal) {
        journal_line(log_process, priorities[level], line);
        return;
    }
    n += more > 0 ? (size_t)more : 0;
    n = n < sizeof line - 1 ? n : sizeof line - 2;
    line[n++] = '\n';
    /* One write, so that lines of several processes in one file stay whole; a log that cannot be
     * written has nowhere to complain. */
    ssize_t ignored = write(STDERR_FILENO, line, n);
    (void)ignored;
}
