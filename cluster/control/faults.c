#include "cluster/control/faults.h"

#include "cluster/control/tick.h"
#include "node/runtime/spine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static void path_of(const struct cluster *c, char *ret, size_t size)
{
    home_path(c, ret, size, "faults.json");
}

static void copy_word(char ret[NAME_LEN], const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    snprintf(ret, NAME_LEN, "%s", text != NULL ? text : "");
}

void faults_read(const struct cluster *c, struct faults *ret)
{
    char path[HOME_PATH_MAX];
    memset(ret, 0, sizeof *ret);
    path_of(c, path, sizeof path);
    json_t *list = json_load_file(path, 0, NULL);
    for (size_t i = 0; i < json_array_size(list) && ret->n < FAULTS_MAX; i++) {
        const json_t *one = json_array_get(list, i);
        struct fault *f = &ret->at[ret->n++];
        copy_word(f->target, one, "target");
        copy_word(f->service, one, "service");
        copy_word(f->how, one, "how");
        f->at_us = json_integer_value(json_object_get(one, "at_us"));
        f->wall_us = json_integer_value(json_object_get(one, "wall_us"));
    }
    json_decref(list);
}

json_t *faults_json(const struct faults *f)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < f->n; i++) {
        const struct fault *one = &f->at[i];
        char stamp[TICK_STAMP_LEN];
        json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:s}", "kind", "kill",
                                              "target", one->target, "service", one->service, "how",
                                              one->how, "at_us", (json_int_t)one->at_us, "wall_us",
                                              (json_int_t)one->wall_us, "at",
                                              tick_stamp(one->wall_us, stamp)));
    }
    return list;
}

static int save(const struct cluster *c, const struct faults *f)
{
    char path[HOME_PATH_MAX];
    path_of(c, path, sizeof path);
    json_t *list = faults_json(f);
    char *text = json_dumps(list, JSON_INDENT(1));
    json_decref(list);
    if (text == NULL) {
        abort();
    }
    enum err err = home_write(path, text, strlen(text));
    free(text);
    return err == ERR_OK
               ? OUTCOME_DONE
               : outcome_error(OUTCOME_IO, NULL, "cannot write %s: %s", path, strerror(errno));
}

/* Numbers of events count the lines of the file, so that nothing of it is missing to a judge. */
static uint64_t lines_in(int fd)
{
    char text[4096];
    uint64_t n = 0;
    ssize_t got = 0;
    (void)lseek(fd, 0, SEEK_SET);
    while ((got = read(fd, text, sizeof text)) > 0) {
        for (ssize_t i = 0; i < got; i++) {
            n += text[i] == '\n' ? 1 : 0;
        }
    }
    return n;
}

static int write_event(const struct cluster *c, struct event *e)
{
    char path[HOME_PATH_MAX];
    char line[SPINE_LINE_MAX];
    home_proc_path(c, "operator", "", path, sizeof path);
    int code = home_make_folder(path);
    if (code != OUTCOME_DONE) {
        return code;
    }
    home_proc_path(c, "operator", SPINE_FILE, path, sizeof path);
    int fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0 || flock(fd, LOCK_EX) != 0) {
        code = outcome_error(OUTCOME_IO, NULL, "cannot write %s: %s", path, strerror(errno));
        goto close;
    }
    e->proc.v = PROCS_MAX + 1; /* a guest */
    e->incarnation.v = 1;
    e->seq = lines_in(fd) + 1;
    e->hlc.v = (uint64_t)(e->wall_us / 1000) << 16;
    size_t n = spine_format(&c->topology, e, line);
    if (write(fd, line, n) != (ssize_t)n) {
        code = outcome_error(OUTCOME_IO, NULL, "cannot write %s: %s", path, strerror(errno));
    }
close:
    if (fd >= 0) {
        close(fd);
    }
    return code;
}

static void describe(struct event *e, const struct cluster *c, const struct fault *f)
{
    e->peer = topology_proc_named(&c->topology, f->target);
    snprintf(e->text, sizeof e->text, "%s%s%s", f->how, f->service[0] != '\0' ? " " : "",
             f->service);
}

int faults_begin(const struct cluster *c, const struct fault *fault)
{
    struct faults all;
    faults_read(c, &all);
    if (all.n == FAULTS_MAX) {
        return outcome_error(OUTCOME_NO, "rehome heal", "there are %d faults already", FAULTS_MAX);
    }
    all.at[all.n++] = *fault;
    struct event e = {
        .kind = EVENT_FAULT, .at.us = fault->at_us, .wall_us = fault->wall_us, .value = 1};
    describe(&e, c, fault);
    int code = write_event(c, &e);
    return code == OUTCOME_DONE ? save(c, &all) : code;
}

int faults_end(const struct cluster *c, const char *target, const char *service)
{
    struct faults all;
    struct faults left = {0};
    int code = OUTCOME_DONE;
    faults_read(c, &all);
    for (uint32_t i = 0; i < all.n && code == OUTCOME_DONE; i++) {
        const struct fault *f = &all.at[i];
        if (strcmp(f->target, target) != 0 ||
            (service[0] != '\0' && strcmp(f->service, service) != 0)) {
            left.at[left.n++] = *f;
            continue;
        }
        struct event e = {
            .kind = EVENT_HEAL, .at.us = tick_now_us(), .wall_us = tick_wall_us(), .value = 1};
        describe(&e, c, f);
        code = write_event(c, &e);
    }
    return code == OUTCOME_DONE ? save(c, &left) : code;
}
