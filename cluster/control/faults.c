#include "cluster/control/faults.h"

#include "cluster/control/backend.h"
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

bool faults_is_cut(const struct fault *f)
{
    return f->cut.from != 0;
}

/* -- The file. -- */

static uint64_t read_side(const struct topology *t, const json_t *names)
{
    uint64_t side = 0;
    for (size_t i = 0; i < json_array_size(names); i++) {
        const char *name = json_string_value(json_array_get(names, i));
        struct proc_id id = topology_proc_named(t, name != NULL ? name : "");
        side |= proc_id_some(id) ? UINT64_C(1) << id.v : 0;
    }
    return side;
}

static json_t *side_json(const struct topology *t, uint64_t side)
{
    json_t *names = json_array();
    for (uint32_t i = 0; i < t->procs_n; i++) {
        if ((side >> (i + 1) & 1) != 0) {
            json_array_append_new(names, json_string(t->procs[i].name));
        }
    }
    return names;
}

/* A cut without two sides is none. */
static void read_cut(const struct topology *t, const json_t *one, struct fault *f)
{
    const json_t *sides = json_object_get(one, "sides");
    char net[NAME_LEN];
    copy_word(net, one, "net");
    f->cut =
        (struct cut){.id = f->id,
                     .from = read_side(t, json_array_get(sides, 0)),
                     .to = read_side(t, json_array_get(sides, 1)),
                     .net = strcmp(net, cut_net_word(CUT_PRIVATE)) == 0 ? CUT_PRIVATE : CUT_VISIBLE,
                     .one_way = json_is_true(json_object_get(one, "one_way")),
                     .reject = json_is_true(json_object_get(one, "reject"))};
    if (f->cut.from == 0 || f->cut.to == 0 || (f->cut.from & f->cut.to) != 0) {
        f->cut = (struct cut){.from = 0};
    }
}

void faults_read(const struct cluster *c, struct faults *ret)
{
    char path[HOME_PATH_MAX];
    memset(ret, 0, sizeof *ret);
    path_of(c, path, sizeof path);
    json_t *root = json_load_file(path, 0, NULL);
    const json_t *list = json_object_get(root, "faults");
    ret->last_id = (uint32_t)json_integer_value(json_object_get(root, "last_id"));
    for (size_t i = 0; i < json_array_size(list) && ret->n < FAULTS_MAX; i++) {
        const json_t *one = json_array_get(list, i);
        struct fault *f = &ret->at[ret->n++];
        f->id = (uint32_t)json_integer_value(json_object_get(one, "id"));
        copy_word(f->target, one, "target");
        copy_word(f->service, one, "service");
        copy_word(f->how, one, "how");
        read_cut(&c->topology, one, f);
        f->at_us = json_integer_value(json_object_get(one, "at_us"));
        f->wall_us = json_integer_value(json_object_get(one, "wall_us"));
    }
    json_decref(root);
}

/* The command that makes it. */
static const char *kind_of(const struct fault *f)
{
    return strncmp(f->how, "partition", strlen("partition")) == 0 ? "partition" : "kill";
}

static json_t *fault_json(const struct topology *t, const struct fault *f)
{
    char stamp[TICK_STAMP_LEN];
    char sides[FAULTS_TEXT_LEN];
    cut_sides(&f->cut, t, sides, sizeof sides);
    json_t *o = json_pack("{s:s, s:i, s:s, s:s, s:s, s:I, s:I, s:s}", "kind", kind_of(f), "id",
                          (int)f->id, "target", faults_is_cut(f) ? sides : f->target, "service",
                          f->service, "how", f->how, "at_us", (json_int_t)f->at_us, "wall_us",
                          (json_int_t)f->wall_us, "at", tick_stamp(f->wall_us, stamp));
    if (faults_is_cut(f)) {
        json_object_set_new(
            o, "sides", json_pack("[o, o]", side_json(t, f->cut.from), side_json(t, f->cut.to)));
        json_object_set_new(o, "net", json_string(cut_net_word(f->cut.net)));
        json_object_set_new(o, "one_way", json_boolean(f->cut.one_way));
        json_object_set_new(o, "reject", json_boolean(f->cut.reject));
    }
    return o;
}

json_t *faults_json(const struct topology *t, const struct faults *f)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < f->n; i++) {
        json_array_append_new(list, fault_json(t, &f->at[i]));
    }
    return list;
}

static int save(const struct cluster *c, const struct faults *f)
{
    char path[HOME_PATH_MAX];
    path_of(c, path, sizeof path);
    json_t *root =
        json_pack("{s:i, s:o}", "last_id", (int)f->last_id, "faults", faults_json(&c->topology, f));
    char *text = json_dumps(root, JSON_INDENT(1));
    json_decref(root);
    if (text == NULL) {
        abort();
    }
    enum err err = home_write(path, text, strlen(text));
    free(text);
    return err == ERR_OK
               ? OUTCOME_DONE
               : outcome_error(OUTCOME_IO, NULL, "cannot write %s: %s", path, strerror(errno));
}

/* One command at a time changes the list and what hangs on it. Closed, the lock is given back. */
static int take_lock(const struct cluster *c, int *ret_lock)
{
    char path[HOME_PATH_MAX];
    home_path(c, path, sizeof path, "faults.lock");
    *ret_lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (*ret_lock >= 0 && flock(*ret_lock, LOCK_EX) == 0) {
        return OUTCOME_DONE;
    }
    int code = outcome_error(OUTCOME_IO, NULL, "cannot lock %s: %s", path, strerror(errno));
    if (*ret_lock >= 0) {
        close(*ret_lock);
    }
    return code;
}

/* -- The spine. -- */

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

static int write_one(const struct cluster *c, enum event_kind kind, const struct fault *f,
                     struct proc_id peer)
{
    bool begins = kind == EVENT_FAULT;
    struct event e = {.kind = kind,
                      .at.us = begins ? f->at_us : tick_now_us(),
                      .wall_us = begins ? f->wall_us : tick_wall_us(),
                      .peer = peer,
                      .value = 1};
    if (faults_is_cut(f)) {
        cut_word(&f->cut, e.text);
    } else {
        snprintf(e.text, sizeof e.text, "%s%s%s", f->how, f->service[0] != '\0' ? " " : "",
                 f->service);
    }
    return write_event(c, &e);
}

/* Everybody who is on a side of a cut is disturbed. */
static int write_all(const struct cluster *c, enum event_kind kind, const struct fault *f)
{
    int code = OUTCOME_DONE;
    uint64_t met = faults_is_cut(f) ? f->cut.from | f->cut.to
                                    : UINT64_C(1) << topology_proc_named(&c->topology, f->target).v;
    for (uint16_t v = 0; v <= c->topology.procs_n && code == OUTCOME_DONE; v++) {
        if ((met >> v & 1) != 0) {
            code = write_one(c, kind, f, (struct proc_id){v});
        }
    }
    return code;
}

/* -- Begin and end. -- */

/* Let the network be cut as the list says. */
static int apply(const struct cluster *c, const struct faults *all)
{
    struct cut cuts[FAULTS_MAX];
    uint32_t n = 0;
    for (uint32_t i = 0; i < all->n; i++) {
        if (faults_is_cut(&all->at[i])) {
            cuts[n++] = all->at[i].cut;
        }
    }
    return backend_of(c)->cut(c, cuts, n);
}

int faults_apply(const struct cluster *c)
{
    struct faults all;
    int lock = -1;
    int code = take_lock(c, &lock);
    if (code != OUTCOME_DONE) {
        return code;
    }
    faults_read(c, &all);
    code = apply(c, &all);
    close(lock);
    return code;
}

int faults_begin(const struct cluster *c, struct fault *fault)
{
    struct faults all;
    int lock = -1;
    int code = take_lock(c, &lock);
    if (code != OUTCOME_DONE) {
        return code;
    }
    faults_read(c, &all);
    if (all.n == FAULTS_MAX) {
        code = outcome_error(OUTCOME_NO, "rehome heal", "there are %d faults already", FAULTS_MAX);
        goto unlock;
    }
    fault->id = ++all.last_id;
    fault->cut.id = fault->id;
    all.at[all.n++] = *fault;
    code = faults_is_cut(fault) ? apply(c, &all) : OUTCOME_DONE;
    code = code == OUTCOME_DONE ? write_all(c, EVENT_FAULT, fault) : code;
    code = code == OUTCOME_DONE ? save(c, &all) : code;
unlock:
    close(lock);
    return code;
}

/* What ends: a cut by its number, anything else by whom it met. */
static bool is_meant(const struct fault *f, uint32_t cut, const char *target, const char *service)
{
    if (cut != 0 || faults_is_cut(f)) {
        return cut != 0 && faults_is_cut(f) && f->id == cut;
    }
    return strcmp(f->target, target) == 0 &&
           (service[0] == '\0' || strcmp(f->service, service) == 0);
}

static int end(const struct cluster *c, uint32_t cut, const char *target, const char *service)
{
    struct faults all;
    struct faults left = {0};
    int lock = -1;
    int code = take_lock(c, &lock);
    if (code != OUTCOME_DONE) {
        return code;
    }
    faults_read(c, &all);
    left.last_id = all.last_id;
    for (uint32_t i = 0; i < all.n; i++) {
        if (!is_meant(&all.at[i], cut, target, service)) {
            left.at[left.n++] = all.at[i];
        }
    }
    code = cut != 0 && left.n < all.n ? apply(c, &left) : OUTCOME_DONE;
    for (uint32_t i = 0; i < all.n && code == OUTCOME_DONE; i++) {
        if (is_meant(&all.at[i], cut, target, service)) {
            code = write_all(c, EVENT_HEAL, &all.at[i]);
        }
    }
    code = code == OUTCOME_DONE ? save(c, &left) : code;
    close(lock);
    return code;
}

int faults_end(const struct cluster *c, const char *target, const char *service)
{
    return end(c, 0, target, service);
}

int faults_end_cut(const struct cluster *c, uint32_t id)
{
    ASSERT(id != 0);
    return end(c, id, "", "");
}

/* -- Words. -- */

void faults_text(const struct topology *t, const struct fault *f, char ret[FAULTS_TEXT_LEN])
{
    if (faults_is_cut(f)) {
        size_t used = (size_t)snprintf(ret, FAULTS_TEXT_LEN, "partition ");
        cut_sides(&f->cut, t, ret + used, FAULTS_TEXT_LEN - used);
        return;
    }
    snprintf(ret, FAULTS_TEXT_LEN, "%s %s%s%s", kind_of(f), f->target,
             f->service[0] != '\0' ? " --service " : "", f->service);
}

void faults_how(const struct fault *f, char ret[FAULTS_TEXT_LEN])
{
    if (faults_is_cut(f)) {
        snprintf(ret, FAULTS_TEXT_LEN, "%s%s, %s", f->cut.one_way ? "one-way, " : "",
                 f->cut.reject ? "reject" : "drop", cut_net_word(f->cut.net));
        return;
    }
    snprintf(ret, FAULTS_TEXT_LEN, "%s", f->how);
}

void faults_undo(const struct fault *f, char ret[FAULTS_TEXT_LEN])
{
    if (faults_is_cut(f)) {
        snprintf(ret, FAULTS_TEXT_LEN, "rehome heal %u", f->id);
        return;
    }
    snprintf(ret, FAULTS_TEXT_LEN, "rehome start %s%s%s", f->target,
             f->service[0] != '\0' ? " --service " : "", f->service);
}
