#include "cluster/control/proc.h"

#include "cluster/control/backend.h"
#include "cluster/control/proc_here.h"
#include "cluster/control/tick.h"

#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOG_END_MAX  2000
#define BY_SIGNAL    128
#define THREADS_NTH  18 /* of the fields of stat after the name: how many threads there are, */
#define STARTED_NTH  20 /* and when it started */
#define WAIT_STEP_MS 5

/* The fields after the name: state, …, number of threads, …, start time. */
bool proc_stat_parse(const char *text, struct proc_stat *ret)
{
    unsigned long long threads = 0;
    const char *p = strrchr(text, ')');
    if (p == NULL || p[1] != ' ') {
        return false;
    }
    p += 2;
    char state = *p;
    for (int field = 1; field < STARTED_NTH; field++) {
        p = strchr(p, ' ');
        if (p == NULL) {
            return false;
        }
        p++;
        if (field + 1 == THREADS_NTH) {
            threads = strtoull(p, NULL, 10);
        }
    }
    ret->started = strtoull(p, NULL, 10);
    /* A zombie with other threads still has its sockets and files: they are on their way out. */
    bool gone = state == 'X' || (state == 'Z' && threads <= 1);
    ret->state = gone ? PROC_STATE_DEAD : state == 'T' ? PROC_STATE_STOPPED : PROC_STATE_ALIVE;
    return true;
}

int proc_start(const struct cluster *c, struct proc_id id)
{
    return backend_of(c)->procs->start(c, id);
}

enum proc_state proc_read(const struct cluster *c, const char *name, struct proc_pid *ret)
{
    *ret = (struct proc_pid){0};
    return backend_of(c)->procs->read(c, name, ret);
}

bool proc_signal(const struct cluster *c, const char *name, int signal, int64_t *ret_at_us)
{
    int64_t at_us = 0;
    return backend_of(c)->procs->signal(c, name, signal, ret_at_us != NULL ? ret_at_us : &at_us);
}

const char *proc_program(enum proc_kind kind)
{
    static const char *const programs[] = {[PROC_NONE] = "",
                                           [PROC_NODE] = "rehome-node",
                                           [PROC_PG] = "rehome-pg",
                                           [PROC_ICM] = "rehome-icm",
                                           [PROC_FLEET] = "rehome-fleet",
                                           [PROC_RECORDER] = "rehome-recorder"};
    return programs[kind];
}

bool proc_find(const char *name, char *ret, size_t size)
{
    static const char *const places[] = {"", "/../../node/main", "/../node/main",
                                         "/../libexec/rehome"};
    char self[HOME_PATH_MAX];
    const char *folder = getenv("REHOME_BIN");
    if (folder == NULL) {
        ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
        if (n < 0) {
            return false;
        }
        self[n] = '\0';
        folder = dirname(self);
    }
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        int n = snprintf(ret, size, "%s%s/%s", folder, places[i], name);
        if (n > 0 && (size_t)n < size && access(ret, X_OK) == 0) {
            return true;
        }
    }
    return false;
}

bool proc_exists(enum proc_kind kind)
{
    char path[HOME_PATH_MAX];
    return proc_find(proc_program(kind), path, sizeof path);
}

bool proc_wait_gone(const struct cluster *c, const char *name, uint32_t timeout_ms)
{
    struct proc_pid pid;
    int64_t until = tick_now_us() + (int64_t)timeout_ms * 1000;
    while (proc_read(c, name, &pid) != PROC_STATE_DEAD) {
        if (tick_now_us() > until) {
            return false;
        }
        tick_sleep_ms(WAIT_STEP_MS);
    }
    return true;
}

long proc_log_size(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 ? (long)st.st_size : 0;
}

static void show_log(const struct cluster *c, const char *name, long from)
{
    char path[HOME_PATH_MAX];
    char text[LOG_END_MAX + 1];
    home_proc_path(c, name, "log", path, sizeof path);
    long size = proc_log_size(path);
    FILE *in = fopen(path, "re");
    if (in == NULL) {
        return;
    }
    from = size - from > LOG_END_MAX ? size - LOG_END_MAX : from;
    size_t n = fseek(in, from, SEEK_SET) == 0 ? fread(text, 1, LOG_END_MAX, in) : 0;
    fclose(in);
    text[n] = '\0';
    fprintf(stderr, "%s:\n%s%s", path, text, n > 0 && text[n - 1] != '\n' ? "\n" : "");
}

/* How a daemon ended, as this command's exit code (node/main/main_common.h has the daemon's). */
static int outcome_of_exit(int code)
{
    switch (code) {
    case OUTCOME_DATA:
    case OUTCOME_EXISTS:
    case OUTCOME_IO:
    case OUTCOME_CONFIG:
        return code;
    case BY_SIGNAL + SIGABRT:
    case BY_SIGNAL + SIGSEGV:
    case BY_SIGNAL + SIGBUS:
        return OUTCOME_BUG;
    default:
        return OUTCOME_UNREACHABLE; /* somebody ended it, or nobody knows */
    }
}

int proc_complain(const struct cluster *c, const char *name)
{
    struct proc_pid pid;
    long log_from = 0;
    int code = -1;
    err_ignore(backend_fetch(c, true) == OUTCOME_DONE ? ERR_OK : ERR_IO, "it was said");
    (void)proc_read(c, name, &pid);
    (void)proc_here_ended(&pid, &log_from, &code);
    show_log(c, name, log_from);
    int outcome = outcome_of_exit(code);
    return outcome_error((enum outcome)outcome,
                         outcome == OUTCOME_DATA || outcome == OUTCOME_IO
                             ? "mend the file that it names; or begin anew: rehome down --destroy"
                             : "look at its log above",
                         "%s ended: %s", name,
                         outcome == OUTCOME_UNREACHABLE ? "it cannot be reached any more"
                                                        : outcome_meaning(outcome));
}
