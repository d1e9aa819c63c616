#include "cluster/control/cluster_run.h"

#include "cluster/control/backend.h"
#include "cluster/control/delivered.h"
#include "cluster/control/faults.h"
#include "cluster/control/patience.h"
#include "cluster/control/proc.h"
#include "cluster/control/tick.h"
#include "node/base/nearest.h"
#include "node/runtime/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define WAIT_MS        60000
#define POLL_MS        20
#define STOP_WAIT_MS   3000
#define ACTIVE_WAIT_MS 10000
#define SURVEY_MS      500
#define NODE_ROOM_MIB  24 /* three segments of its log, which libraft allocates in advance */
#define MORE_ROOM_MIB  16 /* everything else, for a start */

int cluster_run_topology(const char *name, char *ret_path, size_t size)
{
    if (delivered_find("topologies", name, ret_path, size)) {
        return OUTCOME_DONE;
    }
    struct delivered files;
    struct nearest near = nearest_to(name);
    delivered_offer("topologies", &files, &near);
    return outcome_error(OUTCOME_CONFIG, NULL, "there is no topology file '%s'%s%s%s", name,
                         near.best != NULL ? "; delivered is for example '" : "",
                         near.best != NULL ? near.best : "", near.best != NULL ? "'" : "");
}

/* -- Progress, as on the contract's screen. -- */

struct show {
    int64_t began_us;
    bool quiet, nodes, raft, pg, fleet;
};

__attribute__((format(printf, 3, 4))) static void show_line(const struct show *show,
                                                            const char *names, const char *format,
                                                            ...)
{
    char text[SCENE_WHY_LEN];
    va_list args;
    if (show->quiet) {
        return;
    }
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    outcome_progress("  %-20s  %-24s  %.1f s", names, text,
                     (double)(tick_now_us() - show->began_us) / 1e6);
}

static void names_of(const struct topology *t, enum proc_kind kind, enum proc_kind other, char *ret,
                     size_t size)
{
    size_t used = 0;
    ret[0] = '\0';
    for (uint32_t i = 0; i < t->procs_n && used + NAME_LEN < size; i++) {
        if (t->procs[i].kind == kind || t->procs[i].kind == other) {
            used += (size_t)snprintf(ret + used, size - used, "%-5s ", t->procs[i].name);
        }
    }
}

static void show_progress(struct show *show, const struct topology *t, const struct scene *s)
{
    char names[SCENE_WHY_LEN];
    if (!show->nodes && s->nodes_up == s->nodes) {
        show->nodes = true;
        names_of(t, PROC_NODE, PROC_NODE, names, sizeof names);
        show_line(show, names, "callmanager ctimanager");
    }
    if (!show->raft && proc_id_some(s->leader)) {
        show->raft = true;
        show_line(show, "raft", "leader %s, term %llu", topology_name(t, s->leader),
                  (unsigned long long)s->term);
    }
    for (uint32_t i = 0; i < t->procs_n && !show->pg; i++) {
        if (t->procs[i].kind == PROC_PG && s->procs[i].state == SCENE_UP && s->procs[i].pg.active) {
            show->pg = true;
            names_of(t, PROC_PG, PROC_PG, names, sizeof names);
            show_line(show, names, "side %s active", t->procs[i].side == SIDE_A ? "A" : "B");
        }
    }
    if (!show->fleet && s->phones > 0 && s->phones_registered == s->phones) {
        show->fleet = true;
        names_of(t, PROC_ICM, PROC_FLEET, names, sizeof names);
        show_line(show, names, "%u phones registered", s->phones);
    }
}

/* -- Waiting. -- */

/* A daemon that died while it is waited for: say so, with the end of its log. */
static int look_for_dead(const struct cluster *c)
{
    for (uint32_t i = 0; i < c->topology.procs_n; i++) {
        struct proc_pid pid;
        const char *name = c->topology.procs[i].name;
        if (proc_read(c, name, &pid) == PROC_STATE_DEAD && pid.pid > 0) {
            return proc_complain(c, name);
        }
    }
    return OUTCOME_DONE;
}

int cluster_run_wait_healthy(struct operator_desk *o, const struct cluster *c, int64_t began_us,
                             bool quiet)
{
    struct show show = {.began_us = began_us, .quiet = quiet};
    int64_t bound_ms = duration_to_ms(c->topology.timers.live_bound);
    int64_t timeout_ms = bound_ms > WAIT_MS ? bound_ms : WAIT_MS;
    int64_t until = tick_now_us() + timeout_ms * 1000;
    char why[SCENE_WHY_LEN] = "";
    struct scene *s = calloc(1, sizeof *s);
    int code = OUTCOME_DONE;
    if (s == NULL) {
        abort();
    }
    for (;;) {
        struct scene_homes homes;
        survey_take(o, c, SURVEY_MS, s);
        show_progress(&show, &c->topology, s);
        if (tick_interrupted()) {
            code = outcome_error(OUTCOME_INTERRUPTED, NULL, "interrupted");
            break;
        }
        if (survey_homes(o, c, s, &homes) == ERR_OK &&
            scene_healthy(s, &c->topology, &homes, why)) {
            break;
        }
        code = look_for_dead(c);
        if (code == OUTCOME_DONE && tick_now_us() > until) {
            code = outcome_error(OUTCOME_TIMEOUT, "rehome status", "not healthy after %lld s: %s",
                                 (long long)timeout_ms / 1000,
                                 why[0] != '\0' ? why : "no leader answers");
        }
        if (code != OUTCOME_DONE) {
            break;
        }
        tick_sleep_ms(POLL_MS);
    }
    if (code == OUTCOME_DONE && !quiet) {
        outcome_progress("healthy in %.1f s", (double)(tick_now_us() - show.began_us) / 1e6);
    }
    free(s);
    return code;
}

/* -- Up. -- */

static int start_kind(const struct cluster *c, enum proc_kind kind, enum side side)
{
    for (uint32_t i = 0; i < c->topology.procs_n; i++) {
        const struct topology_proc *p = &c->topology.procs[i];
        if (p->kind != kind || (side != SIDE_NONE && p->side != side)) {
            continue;
        }
        if (tick_interrupted()) {
            return outcome_error(OUTCOME_INTERRUPTED, NULL, "interrupted");
        }
        if (kind == PROC_RECORDER && !backend_of(c)->away && !proc_exists(kind)) {
            continue; /* the cluster never needs it */
        }
        int code = proc_start(c, (struct proc_id){(uint16_t)(i + 1)});
        if (code != OUTCOME_DONE) {
            return code;
        }
    }
    return OUTCOME_DONE;
}

/* Side B comes when A is active, or after a while: the cluster may be one without A. */
static int wait_active(struct operator_desk *o, const struct cluster *c)
{
    int64_t until = tick_now_us() + (int64_t)ACTIVE_WAIT_MS * 1000 * patience_of(&c->topology);
    struct scene *s = calloc(1, sizeof *s);
    int code = OUTCOME_DONE;
    bool active = false;
    if (s == NULL) {
        abort();
    }
    while (!active && code == OUTCOME_DONE && tick_now_us() < until) {
        survey_take(o, c, SURVEY_MS, s);
        for (uint32_t i = 0; i < c->topology.procs_n; i++) {
            active = active || s->procs[i].pg.active;
        }
        code = look_for_dead(c);
        if (code == OUTCOME_DONE && tick_interrupted()) {
            code = outcome_error(OUTCOME_INTERRUPTED, NULL, "interrupted");
        }
        if (!active && code == OUTCOME_DONE) {
            tick_sleep_ms(POLL_MS);
        }
    }
    free(s);
    return code;
}

static int start_all(struct operator_desk *o, const struct cluster *c, bool wait)
{
    static const struct {
        enum proc_kind kind;
        enum side side;
    } order[] = {{PROC_NODE, SIDE_NONE}, {PROC_ICM, SIDE_NONE},   {PROC_PG, SIDE_A},
                 {PROC_PG, SIDE_B},      {PROC_FLEET, SIDE_NONE}, {PROC_RECORDER, SIDE_NONE}};
    int code = OUTCOME_DONE;
    for (size_t i = 0; i < sizeof order / sizeof order[0] && code == OUTCOME_DONE; i++) {
        if (order[i].kind == PROC_PG && order[i].side == SIDE_B && wait) {
            code = wait_active(o, c);
        }
        if (code == OUTCOME_DONE) {
            code = start_kind(c, order[i].kind, order[i].side);
        }
    }
    return code;
}

static void read_old_block(struct cluster *c)
{
    char path[HOME_PATH_MAX];
    home_path(c, path, sizeof path, "cluster.json");
    json_t *root = json_load_file(path, 0, NULL);
    const char *block = json_string_value(json_object_get(root, "block"));
    snprintf(c->block, sizeof c->block, "%s", block != NULL ? block : "");
    json_decref(root);
}

/* Looked at first, so that a tree that is not built leaves nothing behind. */
static int programs_there(const struct topology *t)
{
    for (uint32_t i = 0; i < t->procs_n; i++) {
        enum proc_kind kind = t->procs[i].kind;
        if (kind != PROC_RECORDER && !proc_exists(kind)) {
            return outcome_error(OUTCOME_UNREACHABLE, "build it, or say where it is in REHOME_BIN",
                                 "the program %s is not beside this one", proc_program(kind));
        }
    }
    return OUTCOME_DONE;
}

static int place_fits(const struct backend_place *place, const struct backend *b)
{
    const char *word = place->ssh_config != NULL ? "--ssh-config"
                       : place->prefix != NULL   ? "--prefix"
                       : place->power != NULL    ? "--power"
                                                 : NULL;
    return word == NULL || b->away ? OUTCOME_DONE
                                   : outcome_error(OUTCOME_USAGE, "--backend ssh",
                                                   "%s says something of other machines", word);
}

/* What is to be started, read and checked; nothing is made. */
static int read_all(const struct home *h, const struct cluster_run_options *options,
                    struct cluster *c, char **ret_text, size_t *ret_length)
{
    char path[HOME_PATH_MAX];
    const struct backend *backend = NULL;
    int code = backend_named(options->backend, &backend);
    code = code == OUTCOME_DONE ? place_fits(&options->place, backend) : code;
    if (code != OUTCOME_DONE) {
        return code;
    }
    const char *meant = backend->topology != NULL ? backend->topology : "default";
    code = cluster_run_topology(options->topology != NULL ? options->topology : meant, path,
                                sizeof path);
    if (code != OUTCOME_DONE) {
        return code;
    }
    struct topology_change change = options->change;
    change.name = options->cluster;
    memset(c, 0, sizeof *c);
    if (topology_file_prepare(path, &change, stderr, &c->topology, ret_text, ret_length) !=
        ERR_OK) {
        return OUTCOME_CONFIG;
    }
    c->home = *h;
    snprintf(c->name, sizeof c->name, "%s", c->topology.name);
    snprintf(c->folder, sizeof c->folder, "%.*s/clusters/%s", HOME_PATH_MAX / 2 + 8, h->root,
             c->name);
    snprintf(c->backend, sizeof c->backend, "%s", backend->word);
    snprintf(c->again, sizeof c->again, "%s", options->again != NULL ? options->again : "");
    code = backend->away ? OUTCOME_DONE : programs_there(&c->topology);
    const char *instead = options->instead != NULL ? options->instead : "rehome up --backend local";
    return code == OUTCOME_DONE ? backend->permitted(instead) : code;
}

static uint32_t room_mib(const struct topology *t)
{
    uint32_t mib = MORE_ROOM_MIB;
    for (uint32_t i = 0; i < t->procs_n; i++) {
        mib += t->procs[i].kind == PROC_NODE ? NODE_ROOM_MIB : 0;
    }
    return mib;
}

/* The folder with all that the daemons read. */
static int prepare(const struct cluster_run_options *options, struct cluster *c, const char *text,
                   size_t length, int *ret_fd)
{
    char path[HOME_PATH_MAX];
    if (home_running(&c->home, c->name)) {
        return outcome_error(OUTCOME_EXISTS, "rehome status      rehome down",
                             "cluster '%s' is up already", c->name);
    }
    int code = home_make_folder(c->folder);
    code = code == OUTCOME_DONE ? home_room(c->folder, room_mib(&c->topology)) : code;
    if (code != OUTCOME_DONE) {
        return code;
    }
    code = backend_remove_all(c, false); /* of a start that somebody ended half way */
    if (code != OUTCOME_DONE) {
        return code;
    }
    read_old_block(c);
    code = backend_of(c)->reserve(c, &options->place, ret_fd);
    if (code != OUTCOME_DONE) {
        return code;
    }
    home_path(c, path, sizeof path, "topology.yaml");
    if (home_write(path, text, length) != ERR_OK) {
        return outcome_error(OUTCOME_EXISTS, NULL, "cannot write %s: %s", path, strerror(errno));
    }
    home_path(c, path, sizeof path, "keys");
    if (keys_make(path, &c->topology) != ERR_OK) {
        return outcome_error(OUTCOME_EXISTS, NULL, "cannot make keys in %s", path);
    }
    c->began_us = tick_now_us();
    return home_save(c, true);
}

/* One `up` in a home at a time, from before it looks until its processes can be seen. */
static int take_lock(const struct home *h, int *ret_lock)
{
    char path[HOME_PATH_MAX + 8];
    int code = home_make_folder(h->root);
    if (code != OUTCOME_DONE) {
        return code;
    }
    snprintf(path, sizeof path, "%s/lock", h->root);
    *ret_lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (*ret_lock < 0) {
        return outcome_error(OUTCOME_EXISTS, "set REHOME_HOME to a folder that you may write",
                             "cannot write %s: %s", path, strerror(errno));
    }
    if (flock(*ret_lock, LOCK_EX | LOCK_NB) == 0) {
        return OUTCOME_DONE;
    }
    close(*ret_lock);
    *ret_lock = -1;
    return outcome_error(OUTCOME_EXISTS, "wait for it", "another `up` is at work in %s", h->root);
}

static void forget_pids(const struct cluster *c)
{
    char names[HOME_NAMES_MAX][NAME_LEN];
    uint32_t n = home_procs(c, names);
    for (uint32_t i = 0; i < n; i++) {
        char path[HOME_PATH_MAX];
        home_proc_path(c, names[i], "pid", path, sizeof path);
        unlink(path);
    }
}

static int start_prepared(const struct cluster_run_options *options, struct cluster *c,
                          int64_t began_us)
{
    struct operator_desk *o = NULL;
    forget_pids(c);
    int code = backend_of(c)->make(c);
    code = code == OUTCOME_DONE ? operator_open(c, &o) : code;
    if (code == OUTCOME_DONE) {
        code = start_all(o, c, options->wait);
    }
    if (code == OUTCOME_DONE && options->wait) {
        code = cluster_run_wait_healthy(o, c, began_us, options->quiet);
    }
    operator_close(&o);
    if (code != OUTCOME_DONE) {
        err_ignore(cluster_run_down(c, false) == OUTCOME_DONE ? ERR_OK : ERR_IO,
                   "the first error is the one to report");
    }
    return code;
}

int cluster_run_up(const struct home *h, const struct cluster_run_options *options,
                   struct cluster *ret)
{
    int block = -1;
    int lock = -1;
    char *text = NULL;
    size_t length = 0;
    int64_t began_us = tick_now_us();
    int code = read_all(h, options, ret, &text, &length);
    if (code == OUTCOME_DONE) {
        tick_catch_interrupts();
        code = take_lock(h, &lock);
    }
    if (code == OUTCOME_DONE) {
        code = prepare(options, ret, text, length, &block);
        if (code == OUTCOME_DONE) {
            code = start_prepared(options, ret, began_us);
        } else {
            (void)rmdir(ret->folder); /* if nothing is in it */
        }
    }
    free(text);
    if (block >= 0) {
        close(block);
    }
    if (lock >= 0) {
        close(lock);
    }
    return code;
}

/* -- Down. -- */

/* What a process is, as far as the topology can be read; the others go last. */
static bool stops_now(const struct cluster *c, const char *name, enum proc_kind kind)
{
    const struct topology_proc *p =
        topology_proc_of(&c->topology, topology_proc_named(&c->topology, name));
    return (p != NULL ? p->kind : PROC_NONE) == kind;
}

static void stop(const struct cluster *c, const char *name)
{
    if (!proc_wait_gone(c, name, STOP_WAIT_MS * patience_of(&c->topology))) {
        (void)proc_signal(c, name, SIGKILL, NULL);
        (void)proc_wait_gone(c, name, STOP_WAIT_MS * patience_of(&c->topology));
    }
}

int cluster_run_down(const struct cluster *c, bool destroy)
{
    static const enum proc_kind order[] = {PROC_FLEET, PROC_PG,       PROC_ICM,
                                           PROC_NODE,  PROC_RECORDER, PROC_NONE};
    char path[HOME_PATH_MAX];
    char names[HOME_NAMES_MAX][NAME_LEN];
    tick_catch_interrupts(); /* half of a cluster is no use to anybody: this goes on to its end */
    uint32_t n = home_procs(c, names);
    for (size_t k = 0; k < sizeof order / sizeof order[0]; k++) {
        for (uint32_t i = 0; i < n; i++) {
            if (stops_now(c, names[i], order[k])) {
                (void)proc_signal(c, names[i], SIGCONT, NULL);
                (void)proc_signal(c, names[i], SIGTERM, NULL);
            }
        }
        for (uint32_t i = 0; i < n; i++) {
            if (stops_now(c, names[i], order[k])) {
                stop(c, names[i]);
            }
        }
    }
    for (uint32_t i = 0; i < n; i++) {
        struct proc_pid pid;
        if (proc_read(c, names[i], &pid) != PROC_STATE_DEAD) {
            return outcome_error(OUTCOME_IO, NULL, "%s (pid %d) cannot be stopped", names[i],
                                 (int)pid.pid);
        }
    }
    forget_pids(c);
    int code = backend_remove_all(c, destroy);
    if (code != OUTCOME_DONE) {
        return code;
    }
    home_path(c, path, sizeof path, "faults.json");
    unlink(path);
    if (destroy) {
        home_remove(c->folder);
        return OUTCOME_DONE;
    }
    return c->block[0] != '\0' ? home_save(c, false) : OUTCOME_DONE;
}
