#include "cluster/control/pool.h"

#include "cluster/control/tick.h"
#include "node/base/err.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define JOBS_MAX 256
#define POLL_MS  200

struct job {
    pid_t pid; /* 0: none */
    uint64_t piece;
    int out, words;
    size_t got;
    char *result;
    int64_t until_us;
    bool ended; /* by us: only its end is still to come */
};

static bool write_all(int fd, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t done = write(fd, bytes, n);
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done <= 0) {
            return false;
        }
        bytes += done;
        n -= (size_t)done;
    }
    return true;
}

_Noreturn static void be_child(const struct pool_work *w, const struct job *j, int out)
{
    (void)signal(SIGINT, SIG_DFL);
    (void)signal(SIGTERM, SIG_DFL);
    (void)dup2(j->words, STDERR_FILENO);
    memset(j->result, 0, w->result_size);
    w->run(w->context, j->piece, j->result);
    _exit(write_all(out, j->result, w->result_size) ? 0 : 1);
}

static bool begin(const struct pool_work *w, struct job *j, uint64_t piece)
{
    int ends[2];
    j->words = memfd_create("words", MFD_CLOEXEC);
    if (j->words < 0) {
        return false;
    }
    if (pipe(ends) != 0) {
        close(j->words);
        return false;
    }
    j->piece = piece;
    j->got = 0;
    j->ended = false;
    j->out = ends[0];
    j->until_us = tick_now_us() + (int64_t)w->limit_s * 1000000 * POOL_PATIENCE;
    fflush(NULL);
    j->pid = fork();
    if (j->pid == 0) {
        close(ends[0]);
        be_child(w, j, ends[1]);
    }
    close(ends[1]);
    if (j->pid < 0) {
        j->pid = 0;
        close(ends[0]);
        close(j->words);
        return false;
    }
    return true;
}

/* The last line that says something. */
static void last_line(int fd, char ret[POOL_LAST_WORDS])
{
    char text[8192];
    off_t size = lseek(fd, 0, SEEK_END);
    off_t from = size > (off_t)sizeof text - 1 ? size - (off_t)sizeof text + 1 : 0;
    ssize_t n = pread(fd, text, sizeof text - 1, from);
    ret[0] = '\0';
    if (n <= 0) {
        return;
    }
    text[n] = '\0';
    char *rest = text;
    for (char *line = strtok_r(rest, "\n", &rest); line != NULL;
         line = strtok_r(rest, "\n", &rest)) {
        /* A sanitizer's summary, or an assertion, says more than what follows it. */
        snprintf(ret, POOL_LAST_WORDS, "%s", line);
        if (strstr(line, "assertion failed") != NULL || strstr(line, "ERROR: ") != NULL) {
            return;
        }
    }
}

static void end(const struct pool_work *w, struct job *j)
{
    char words[POOL_LAST_WORDS];
    int status = 0;
    while (waitpid(j->pid, &status, 0) < 0 && errno == EINTR) {
    }
    bool whole = j->got == w->result_size && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    last_line(j->words, words);
    if (!whole && words[0] == '\0') {
        snprintf(words, sizeof words, "ended by %s %d",
                 WIFSIGNALED(status) ? "signal" : "exit code",
                 WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    }
    close(j->out);
    close(j->words);
    j->pid = 0;
    w->done(w->context, j->piece, whole ? j->result : NULL, words);
}

/* What the machine gives to others is not a piece's fault; one that only sleeps has its end, too.
 */
static bool too_long(const struct pool_work *w, const struct job *j)
{
    clockid_t clock;
    struct timespec used;
    return tick_now_us() > j->until_us ||
           (clock_getcpuclockid(j->pid, &clock) == 0 && clock_gettime(clock, &used) == 0 &&
            used.tv_sec >= (time_t)w->limit_s);
}

static void look(const struct pool_work *w, struct job *j, bool readable)
{
    char byte = 0;
    if (readable) {
        bool room = j->got < w->result_size;
        ssize_t n = read(j->out, room ? j->result + j->got : &byte,
                         room ? w->result_size - j->got : sizeof byte);
        if (n > 0 && room) {
            j->got += (size_t)n;
        } else if (n <= 0 && !(n < 0 && errno == EINTR)) {
            end(w, j);
        }
    } else if (!j->ended && too_long(w, j)) {
        static const char late[] = "it took too long\n";
        err_ignore(write(j->words, late, sizeof late - 1) > 0 ? ERR_OK : ERR_IO,
                   "then the signal is all there is to say");
        (void)kill(j->pid, SIGKILL);
        j->ended = true;
    }
}

static void wait_for_some(const struct pool_work *w, struct job *jobs, uint32_t n)
{
    struct pollfd fds[JOBS_MAX];
    for (uint32_t i = 0; i < n; i++) {
        fds[i] = (struct pollfd){.fd = jobs[i].pid > 0 ? jobs[i].out : -1, .events = POLLIN};
    }
    if (poll(fds, n, POLL_MS) < 0) {
        return; /* interrupted */
    }
    for (uint32_t i = 0; i < n; i++) {
        if (jobs[i].pid > 0) {
            look(w, &jobs[i], (fds[i].revents & (POLLIN | POLLHUP)) != 0);
        }
    }
}

static uint32_t busy(const struct job *jobs, uint32_t n)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < n; i++) {
        count += jobs[i].pid > 0 ? 1 : 0;
    }
    return count;
}

bool pool_run(const struct pool_work *w)
{
    uint32_t n = w->jobs < JOBS_MAX ? w->jobs : JOBS_MAX;
    ASSERT(n > 0);
    struct job *jobs = calloc(n, sizeof jobs[0]);
    ASSERT(jobs != NULL);
    bool going = true;
    uint64_t next = 0;
    for (uint32_t i = 0; i < n; i++) {
        jobs[i].result = malloc(w->result_size);
        ASSERT(jobs[i].result != NULL);
    }
    while (busy(jobs, n) > 0 || (going && next < w->n)) {
        for (uint32_t i = 0; i < n && going && next < w->n; i++) {
            if (jobs[i].pid == 0) {
                going = begin(w, &jobs[i], next);
                next += going ? 1 : 0;
            }
        }
        wait_for_some(w, jobs, n);
        if (going && w->stop != NULL && w->stop(w->context)) {
            going = false;
            for (uint32_t i = 0; i < n; i++) {
                if (jobs[i].pid > 0) {
                    (void)kill(jobs[i].pid, SIGKILL);
                }
            }
        }
    }
    for (uint32_t i = 0; i < n; i++) {
        free(jobs[i].result);
    }
    free(jobs);
    return going;
}
