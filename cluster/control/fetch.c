#include "cluster/control/fetch.h"

#include "cluster/control/clocks.h"
#include "cluster/control/machines.h"
#include "cluster/control/proc_there.h"
#include "node/runtime/call_log.h"
#include "node/runtime/spine.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define CHUNK_BYTES 4000000
#define RECORDS     "icm.db"
#define FETCH_MS    120000

/* How far a file there was taken, and how long it was here then: what is longer was not finished.
 */
struct place {
    int64_t there, here;
};

struct fetch {
    const struct cluster *c;
    struct machines_layout layout;
    struct clocks clocks;
    int code;
};

static void place_path(const struct cluster *c, const char *proc, const char *name,
                       char ret[HOME_PATH_MAX])
{
    char rest[NAME_LEN + 16];
    snprintf(rest, sizeof rest, "%s.taken", name);
    home_proc_path(c, proc, rest, ret, HOME_PATH_MAX);
}

static struct place read_place(const struct cluster *c, const char *proc, const char *name)
{
    char path[HOME_PATH_MAX];
    struct place at = {0, 0};
    place_path(c, proc, name, path);
    FILE *in = fopen(path, "re");
    if (in != NULL) {
        if (fscanf(in, "%" SCNd64 " %" SCNd64, &at.there, &at.here) != 2) {
            at = (struct place){0, 0};
        }
        fclose(in);
    }
    return at;
}

static bool write_place(const struct cluster *c, const char *proc, const char *name,
                        const struct place *at)
{
    char path[HOME_PATH_MAX];
    char text[64];
    int n = snprintf(text, sizeof text, "%" PRId64 " %" PRId64 "\n", at->there, at->here);
    place_path(c, proc, name, path);
    return home_write(path, text, (size_t)n) == ERR_OK;
}

/* Whole lines of `text` to the end of a file; how many bytes they were. -1: not written. */
static int64_t append(struct fetch *f, const char *proc, const char *path, const char *text,
                      size_t n, struct place *at)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    FILE *out = fd >= 0 && ftruncate(fd, at->here) == 0 && lseek(fd, at->here, SEEK_SET) >= 0
                    ? fdopen(fd, "w")
                    : NULL;
    size_t used = 0;
    if (out == NULL) {
        if (fd >= 0) {
            close(fd);
        }
        return -1;
    }
    for (const char *end = NULL; (end = memchr(text + used, '\n', n - used)) != NULL;) {
        size_t length = (size_t)(end - (text + used));
        char *line = clocks_line(&f->clocks, proc, text + used, length);
        fprintf(out, "%.*s\n", line != NULL ? (int)strlen(line) : (int)length,
                line != NULL ? line : text + used);
        free(line);
        used += length + 1;
    }
    bool good = fflush(out) == 0;
    at->here = ftell(out);
    return fclose(out) == 0 && good ? (int64_t)used : -1;
}

/* "SIZE\n" and what follows the place. Whether there may be more. */
static bool take(struct fetch *f, const char *proc, const char *name, const struct shell_said *said,
                 struct place *at)
{
    char path[HOME_PATH_MAX];
    char *rest = NULL;
    int64_t size = strtoll(said->text, &rest, 10);
    if (rest == said->text || *rest != '\n') {
        return false; /* no such file yet */
    }
    rest++;
    if (size < at->there) {
        *at = (struct place){0, 0}; /* another file under the old name */
        return true;
    }
    size_t n = said->n - (size_t)(rest - said->text);
    home_proc_path(f->c, proc, name, path, sizeof path);
    int64_t used = n > 0 ? append(f, proc, path, rest, n, at) : 0;
    at->there += used > 0 ? used : 0;
    if (used < 0 || (used > 0 && !write_place(f->c, proc, name, at))) {
        f->code = outcome_error(OUTCOME_IO, NULL, "cannot write %s: %s", path, strerror(errno));
    }
    return used > 0 && n >= CHUNK_BYTES;
}

/* A command that looks on fetches again and again: it says once that a machine is away, until it is
 * back. */
static void note(const struct fetch *f, const struct machines_job *job)
{
    static bool told[PROCS_MAX + 1];
    bool away = job->err != ERR_OK && job->err != ERR_INVALID;
    bool said = told[job->to.v];
    told[job->to.v] = away;
    if (!away || said) {
        return;
    }
    outcome_progress("%s cannot be reached: what it wrote since the last time is not in the record",
                     topology_name(&f->c->topology, job->to));
}

static void take_lines(struct fetch *f, const char *name)
{
    const struct topology *t = &f->c->topology;
    struct machines_job jobs[PROCS_MAX];
    struct place at[PROCS_MAX];
    uint32_t n = 0;
    uint16_t open[PROCS_MAX];
    bool is_call_log = strcmp(name, CALL_LOG_FILE) == 0;
    for (uint16_t v = 1; v <= t->procs_n; v++) {
        if (!is_call_log || t->procs[v - 1].kind == PROC_FLEET) {
            at[n] = read_place(f->c, t->procs[v - 1].name, name);
            open[n++] = v;
        }
    }
    while (n > 0 && f->code == OUTCOME_DONE) {
        uint32_t left = 0;
        for (uint32_t i = 0; i < n; i++) {
            const char *proc = t->procs[open[i] - 1].name;
            jobs[i] = machines_job((struct proc_id){open[i]},
                                   "f='%s/%s/%s'; [ ! -e \"$f\" ] || { stat -c %%s \"$f\" &&"
                                   " tail -c +%" PRId64 " \"$f\" | head -c %d; }",
                                   f->layout.state, proc, name, at[i].there + 1, CHUNK_BYTES);
        }
        machines_run(f->c, jobs, n, FETCH_MS);
        for (uint32_t i = 0; i < n; i++) {
            note(f, &jobs[i]);
            bool more = jobs[i].err == ERR_OK &&
                        take(f, t->procs[open[i] - 1].name, name, &jobs[i].said, &at[i]);
            shell_said_free(&jobs[i].said);
            if (more) {
                open[left] = open[i];
                at[left++] = at[i];
            }
        }
        n = left;
    }
}

/* A whole file as a script writes it. */
static void take_whole(struct fetch *f, struct machines_job job, const char *name)
{
    char path[HOME_PATH_MAX];
    machines_run(f->c, &job, 1, FETCH_MS);
    note(f, &job);
    home_proc_path(f->c, topology_name(&f->c->topology, job.to), name, path, sizeof path);
    if (job.err == ERR_OK && home_write(path, job.said.text, job.said.n) != ERR_OK) {
        f->code = outcome_error(OUTCOME_IO, NULL, "cannot write %s: %s", path, strerror(errno));
    }
    shell_said_free(&job.said);
}

static void take_log(struct fetch *f, struct proc_id id)
{
    const struct topology_proc *p = topology_proc_of(&f->c->topology, id);
    char unit[2 * NAME_LEN];
    proc_there_unit(p, unit, sizeof unit);
    take_whole(f,
               f->layout.units ? machines_job(id, "journalctl -q --no-pager -o cat -u %s", unit)
                               : machines_job(id, "cat '%s/%s/log'", f->layout.state, p->name),
               "log");
}

/* The program itself makes the copy: it is one moment of the database. */
static void take_records(struct fetch *f, struct proc_id id)
{
    const struct topology_proc *p = topology_proc_of(&f->c->topology, id);
    if (p->kind == PROC_ICM) {
        take_whole(f,
                   machines_job(id,
                                "d=$(mktemp -d) && '%s/%s' --copy '%s/%s/" RECORDS
                                "' \"$d/copy\" && cat \"$d/copy\"; e=$?; rm -rf \"$d\"; (exit $e)",
                                f->layout.programs, proc_program(p->kind), f->layout.state,
                                p->name),
                   RECORDS);
    }
}

int fetch_take(const struct cluster *c, bool all)
{
    char path[HOME_PATH_MAX];
    struct fetch *f = calloc(1, sizeof *f);
    if (f == NULL) {
        abort();
    }
    f->c = c;
    if (!machines_layout(c, &f->layout)) {
        free(f);
        return OUTCOME_DONE; /* it never was up */
    }
    clocks_read(c, &f->clocks);
    home_path(c, path, sizeof path, "ssh/fetch.lock");
    int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock < 0 || flock(lock, LOCK_EX) != 0) {
        f->code = outcome_error(OUTCOME_IO, NULL, "cannot lock %s: %s", path, strerror(errno));
    }
    if (f->code == OUTCOME_DONE) {
        take_lines(f, SPINE_FILE);
        take_lines(f, CALL_LOG_FILE);
    }
    for (uint16_t v = 1; v <= c->topology.procs_n && all && f->code == OUTCOME_DONE; v++) {
        take_log(f, (struct proc_id){v});
        take_records(f, (struct proc_id){v});
    }
    int code = f->code;
    if (lock >= 0) {
        close(lock);
    }
    free(f);
    return code;
}
