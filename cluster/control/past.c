#include "cluster/control/past.h"

#include "cluster/control/moment.h"
#include "node/base/nearest.h"
#include "node/runtime/topology_file.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LATEST       "latest"
#define TOPOLOGY     "topology.yaml"
#define TOPOLOGY_MAX (1u << 20)

static int no_such_run(const struct home *h, const char *word)
{
    char folder[HOME_PATH_MAX];
    char names[2][HOME_PATH_MAX] = {"", ""};
    struct nearest near = nearest_to(word);
    snprintf(folder, sizeof folder, "%.*s/runs", HOME_PATH_MAX / 2 + 8, h->root);
    DIR *dir = opendir(folder);
    for (struct dirent *e = dir != NULL ? readdir(dir) : NULL; e != NULL; e = readdir(dir)) {
        uint32_t before = near.distance;
        snprintf(names[0], sizeof names[0], "%s", e->d_name);
        if (e->d_name[0] != '.') {
            nearest_offer(&near, names[0]);
        }
        if (near.best == names[0] && near.distance < before) {
            snprintf(names[1], sizeof names[1], "%s", names[0]);
        }
        near.best = names[1][0] != '\0' ? names[1] : NULL;
    }
    if (dir != NULL) {
        closedir(dir);
    }
    if (near.best == NULL) {
        return outcome_error(OUTCOME_USAGE, "rehome scenario run subscriber-fails",
                             "there is no run '%s', and none was recorded yet", word);
    }
    return outcome_error(OUTCOME_USAGE, NULL, "there is no run '%s'; the nearest name is '%s'",
                         word, near.best);
}

int past_find(const char *word_or_null, char *ret_path, size_t size)
{
    struct home h;
    char path[HOME_PATH_MAX];
    char real[PATH_MAX];
    const char *word = word_or_null != NULL ? word_or_null : LATEST;
    int code = home_find(&h);
    if (code != OUTCOME_DONE) {
        return code;
    }
    int n = snprintf(path, sizeof path, "%.*s/runs/%s", HOME_PATH_MAX / 2 + 8, h.root, word);
    bool known = n > 0 && (size_t)n < sizeof path && realpath(path, real) != NULL;
    if (word[0] == '\0' || (!known && realpath(word, real) == NULL) || strlen(real) >= size) {
        return no_such_run(&h, word);
    }
    snprintf(ret_path, size, "%s", real);
    return OUTCOME_DONE;
}

static int bad_file(const char *path, enum err err)
{
    if (err == ERR_IO) {
        return outcome_error(OUTCOME_IO, NULL, "cannot read %s: %s", path,
                             errno != 0 ? strerror(errno) : err_text(err));
    }
    return outcome_error(OUTCOME_DATA, "rehome scenario run NAME", "%s: %s", path,
                         err == ERR_VERSION ? "recorded by another version of rehome"
                                            : "this is no run file");
}

/* The file in the folder that was meant, or the file itself. */
static int find_file(const char *word, struct past *p)
{
    struct stat st;
    int code = past_find(word, p->path, sizeof p->path - sizeof "/" RUNFILE_NAME);
    if (code != OUTCOME_DONE) {
        return code;
    }
    if (stat(p->path, &st) == 0 && S_ISDIR(st.st_mode)) {
        strcat(p->path, "/" RUNFILE_NAME);
        if (access(p->path, F_OK) != 0) {
            return outcome_error(OUTCOME_DATA, "rehome scenario run NAME",
                                 "%s: there is no run file", p->path);
        }
    }
    snprintf(p->name, sizeof p->name, "%s", p->path);
    *strrchr(p->name, '/') = '\0';
    const char *last = strrchr(p->name, '/');
    if (last != NULL) {
        memmove(p->name, last + 1, strlen(last + 1) + 1);
    }
    return OUTCOME_DONE;
}

/* Of the run file; records that are older have the file beside it. */
static int read_topology(struct past *p)
{
    char path[HOME_PATH_MAX + sizeof TOPOLOGY];
    char *text = runfile_topology(p->file);
    enum err err = ERR_OK;
    if (text != NULL) {
        err = topology_file_parse(p->path, text, stderr, &p->topology);
        free(text);
    } else {
        snprintf(path, sizeof path, "%s", p->path);
        snprintf(strrchr(path, '/') + 1, sizeof TOPOLOGY, "%s", TOPOLOGY);
        if (access(path, F_OK) != 0) {
            return outcome_error(OUTCOME_DATA, NULL, "%s does not hold the topology of its run",
                                 p->path);
        }
        err = topology_file_load(path, stderr, &p->topology);
    }
    return err == ERR_OK ? OUTCOME_DONE : OUTCOME_CONFIG;
}

static int read_run(struct past *p)
{
    enum err err = load_run(p->file, &p->topology, &p->load);
    if (err != ERR_OK) {
        return outcome_error(OUTCOME_DATA, NULL, "%s is damaged", p->path);
    }
    const struct history *h = &p->load.history;
    if (h->events_n == 0) {
        return outcome_error(OUTCOME_DATA, NULL, "%s holds no events", p->path);
    }
    if (replay_new(h, p->load.wall_us, &p->replay) != ERR_OK) {
        abort();
    }
    p->begin_us = h->begin_us;
    p->last_us = h->end_us;
    p->end_us = replay_end(h);
    p->fault = history_fault(h);
    return OUTCOME_DONE;
}

int past_open(const char *run, struct past **ret_past)
{
    struct past *p = calloc(1, sizeof *p);
    if (p == NULL) {
        abort();
    }
    int code = find_file(run, p);
    if (code == OUTCOME_DONE) {
        errno = 0;
        enum err err = runfile_look(p->path, &p->file);
        code = err == ERR_OK ? OUTCOME_DONE : bad_file(p->path, err);
    }
    code = code == OUTCOME_DONE ? read_topology(p) : code;
    code = code == OUTCOME_DONE ? read_run(p) : code;
    if (code != OUTCOME_DONE) {
        past_close(&p);
        return code;
    }
    *ret_past = p;
    return OUTCOME_DONE;
}

void past_close(struct past **past)
{
    struct past *p = *past;
    if (p == NULL) {
        return;
    }
    replay_free(&p->replay);
    load_free(&p->load);
    runfile_free(&p->file);
    free(p);
    *past = NULL;
}

int past_moment(const struct past *p, const char *at_or_null, int64_t *ret_at_us)
{
    struct moment m;
    const char *likely = NULL;
    const char *at = at_or_null != NULL ? at_or_null : "end";
    enum err err = moment_parse(at, &m, &likely);
    if (err != ERR_OK && likely != NULL) {
        return outcome_error(OUTCOME_USAGE, NULL, "'%s' is no moment; did you mean '%s'?", at,
                             likely);
    }
    if (err != ERR_OK) {
        return outcome_error(OUTCOME_USAGE, NULL,
                             "'%s' is no moment; write for example 12.5s, fault+0.3s, end-2s, or "
                             "2026-11-23T20:15:00Z",
                             at);
    }
    if (m.origin == MOMENT_FAULT && p->fault == NULL) {
        return outcome_error(OUTCOME_USAGE, "rehome events --run R",
                             "nothing was broken on purpose in %s", p->name);
    }
    const int64_t origins[] = {[MOMENT_BEGIN] = p->begin_us,
                               [MOMENT_FAULT] = p->fault != NULL ? p->fault->from : 0,
                               [MOMENT_END] = p->end_us,
                               [MOMENT_WALL] = -p->load.wall_us};
    int64_t at_us = origins[m.origin] + m.us;
    /* A moment written with thousandths means the one that was shown with them. */
    if (at_us < p->begin_us && at_us > p->begin_us - 1000) {
        at_us = p->begin_us;
    }
    if (at_us < p->begin_us || at_us > p->last_us) {
        return outcome_error(OUTCOME_USAGE, NULL, "'%s' is %s the run: %s is %.3f s long", at,
                             at_us < p->begin_us ? "before" : "after", p->name,
                             (double)(p->last_us - p->begin_us) / 1e6);
    }
    *ret_at_us = at_us;
    return OUTCOME_DONE;
}

void past_cut(struct past *p, int64_t at_us)
{
    replay_free(&p->replay);
    p->fault = NULL;
    if (load_cut(&p->load, at_us) != ERR_OK) {
        abort();
    }
}
