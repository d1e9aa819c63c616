#include "cluster/control/tail.h"

#include "cluster/control/backend.h"

#include "node/runtime/spine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILES_MAX (PROCS_MAX + 1)

struct found {
    struct event event;
    char *line;
};

struct tail {
    const struct cluster *cluster;
    int64_t from_us;
    FILE *files[FILES_MAX]; /* the last one is the operator's */
    long at[FILES_MAX];
    struct found *found;
    size_t found_n, found_cap;
};

struct tail *tail_new(const struct cluster *c, int64_t from_us)
{
    struct tail *t = calloc(1, sizeof *t);
    if (t == NULL) {
        abort();
    }
    t->cluster = c;
    t->from_us = from_us;
    return t;
}

static void forget(struct tail *t)
{
    for (size_t i = 0; i < t->found_n; i++) {
        free(t->found[i].line);
    }
    t->found_n = 0;
}

void tail_free(struct tail **t)
{
    if (*t == NULL) {
        return;
    }
    for (size_t i = 0; i < FILES_MAX; i++) {
        if ((*t)->files[i] != NULL) {
            fclose((*t)->files[i]);
        }
    }
    forget(*t);
    free((*t)->found);
    free(*t);
    *t = NULL;
}

static void keep(struct tail *t, const char *line, size_t length)
{
    if (t->found_n == t->found_cap) {
        t->found_cap = t->found_cap == 0 ? 1024 : t->found_cap * 2;
        t->found = realloc(t->found, t->found_cap * sizeof *t->found);
        if (t->found == NULL) {
            abort();
        }
    }
    struct found *f = &t->found[t->found_n];
    if (spine_parse_line(&t->cluster->topology, line, length, &f->event) != ERR_OK ||
        f->event.at.us < t->from_us) {
        return; /* half a line after a crash, or before the time that is asked for */
    }
    f->line = strndup(line, length);
    if (f->line == NULL) {
        abort();
    }
    t->found_n++;
}

static void read_file(struct tail *t, size_t i)
{
    char line[SPINE_LINE_MAX + 2];
    if (t->files[i] == NULL) {
        char path[HOME_PATH_MAX];
        const char *name =
            i < t->cluster->topology.procs_n ? t->cluster->topology.procs[i].name : "operator";
        home_proc_path(t->cluster, name, SPINE_FILE, path, sizeof path);
        t->files[i] = fopen(path, "re");
        if (t->files[i] == NULL) {
            return;
        }
    }
    clearerr(t->files[i]);
    (void)fseek(t->files[i], t->at[i], SEEK_SET);
    while (fgets(line, sizeof line, t->files[i]) != NULL) {
        size_t length = strlen(line);
        if (length == 0 || line[length - 1] != '\n') {
            break; /* it is being written */
        }
        t->at[i] += (long)length;
        keep(t, line, length - 1);
    }
}

static int by_time(const void *a, const void *b)
{
    const struct found *x = a;
    const struct found *y = b;
    if (x->event.at.us != y->event.at.us) {
        return x->event.at.us < y->event.at.us ? -1 : 1;
    }
    if (x->event.proc.v != y->event.proc.v) {
        return x->event.proc.v < y->event.proc.v ? -1 : 1;
    }
    return x->event.seq < y->event.seq ? -1 : x->event.seq > y->event.seq ? 1 : 0;
}

void tail_read(struct tail *t, tail_event *each, void *context)
{
    err_ignore(backend_fetch(t->cluster, false) == OUTCOME_DONE ? ERR_OK : ERR_IO,
               "it was said; what is here is shown");
    for (size_t i = 0; i < t->cluster->topology.procs_n; i++) {
        read_file(t, i);
    }
    read_file(t, FILES_MAX - 1);
    if (t->found_n > 1) {
        qsort(t->found, t->found_n, sizeof *t->found, by_time);
    }
    for (size_t i = 0; i < t->found_n; i++) {
        each(context, &t->found[i].event, t->found[i].line);
    }
    forget(t);
}
