#include "cluster/control/look.h"

#include "cluster/control/past.h"
#include "cluster/control/tick.h"
#include "node/runtime/spine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A failure that leaves nothing sensible to show. */
static void need(enum err err)
{
    if (err == ERR_MEMORY) {
        abort();
    }
}

static int open_past(const struct look_when *when, struct session_of_command **ret)
{
    struct session_of_command *s = calloc(1, sizeof *s);
    int64_t at_us = 0;
    if (s == NULL) {
        abort();
    }
    int code = past_open(when->run, &s->past);
    code = code == OUTCOME_DONE ? past_moment(s->past, when->at, &at_us) : code;
    if (code != OUTCOME_DONE) {
        command_close(&s);
        return code;
    }
    s->cluster.topology = s->past->topology;
    snprintf(s->cluster.name, sizeof s->cluster.name, "%s", s->past->topology.name);
    need(replay_to(s->past->replay, at_us, &s->scene));
    *ret = s;
    return OUTCOME_DONE;
}

static int no_run(const struct look_when *when)
{
    return when->at == NULL ? OUTCOME_DONE
                            : outcome_error(OUTCOME_USAGE, NULL,
                                            "--at is a moment of a recorded run: name it with "
                                            "--run, for example --run latest");
}

int look_open(const struct options_common *common, const struct look_when *when,
              struct session_of_command **ret)
{
    if (when->run != NULL) {
        return open_past(when, ret);
    }
    int code = no_run(when);
    return code == OUTCOME_DONE ? command_open(common, ret) : code;
}

int look_open_files(const struct options_common *common, const struct look_when *when,
                    struct session_of_command **ret)
{
    if (when->run != NULL) {
        return open_past(when, ret);
    }
    int code = no_run(when);
    struct session_of_command *s = calloc(1, sizeof *s);
    if (s == NULL) {
        abort();
    }
    code = code == OUTCOME_DONE ? home_cluster(common->cluster, &s->cluster) : code;
    if (code != OUTCOME_DONE) {
        command_close(&s);
        return code;
    }
    *ret = s;
    return OUTCOME_DONE;
}

enum err look_devices(struct session_of_command *s, struct proc_id node, bool linearizable,
                      struct msg_op_device **ret_rows, uint32_t *ret_n, uint64_t *ret_index,
                      enum reason *ret_reason)
{
    if (s->past == NULL) {
        return survey_devices(s->desk, node, linearizable, ret_rows, ret_n, ret_index, ret_reason);
    }
    *ret_reason = REASON_NONE;
    enum err err = replay_devices(s->past->replay, node, ret_rows, ret_n, ret_index);
    need(err);
    return err;
}

void look_homes(struct session_of_command *s, struct scene_homes *ret)
{
    if (s->past != NULL) {
        need(replay_homes(s->past->replay, &s->scene, ret));
    } else {
        err_ignore(survey_homes(s->desk, &s->cluster, &s->scene, ret),
                   "then nobody is known to be anywhere, and *ret says so");
    }
}

static void *append(void *rows, uint32_t n, void *more, uint32_t more_n, size_t size)
{
    if (more_n == 0) {
        free(more);
        return rows;
    }
    char *all = realloc(rows, (size_t)(n + more_n) * size);
    if (all == NULL) {
        abort();
    }
    memcpy(all + n * size, more, more_n * size);
    free(more);
    return all;
}

void look_calls(struct session_of_command *s, struct msg_op_call **ret_rows, uint32_t *ret_n)
{
    const struct topology *t = &s->cluster.topology;
    *ret_rows = NULL;
    *ret_n = 0;
    if (s->past != NULL) {
        need(replay_calls(s->past->replay, ret_rows, ret_n));
        return;
    }
    for (uint32_t i = 0; i < t->procs_n; i++) {
        struct msg_op_call *rows = NULL;
        uint32_t n = 0;
        if (t->procs[i].kind == PROC_FLEET && s->scene.procs[i].state == SCENE_UP &&
            survey_calls(s->desk, (struct proc_id){(uint16_t)(i + 1)}, &rows, &n) == ERR_OK) {
            *ret_rows = append(*ret_rows, *ret_n, rows, n, sizeof rows[0]);
            *ret_n += n;
        }
    }
}

void look_agents(struct session_of_command *s, struct msg_op_agent **ret_rows, uint32_t *ret_n)
{
    const struct topology *t = &s->cluster.topology;
    *ret_rows = NULL;
    *ret_n = 0;
    if (s->past != NULL) {
        need(replay_agents(s->past->replay, ret_rows, ret_n));
        return;
    }
    for (uint32_t i = 0; i < t->procs_n; i++) {
        struct msg_op_agent *rows = NULL;
        uint32_t n = 0;
        if (t->procs[i].kind == PROC_PG && s->scene.procs[i].state == SCENE_UP &&
            s->scene.procs[i].pg.active &&
            survey_agents(s->desk, (struct proc_id){(uint16_t)(i + 1)}, &rows, &n) == ERR_OK) {
            *ret_rows = append(*ret_rows, *ret_n, rows, n, sizeof rows[0]);
            *ret_n += n;
        }
    }
}

/* "crash callmanager" */
static void past_fault(const struct past *p, const struct history_outage *o, struct fault *ret)
{
    *ret = (struct fault){.at_us = o->from, .wall_us = p->load.wall_us + o->from};
    snprintf(ret->target, sizeof ret->target, "%s", topology_name(&p->topology, o->proc));
    if (o->service != SERVICE_NONE) {
        snprintf(ret->service, sizeof ret->service, "%s", service_text(o->service));
    }
    snprintf(ret->how, sizeof ret->how, "%.*s", (int)strcspn(o->what, " "), o->what);
}

void look_faults(const struct session_of_command *s, struct faults *ret)
{
    if (s->past == NULL) {
        faults_read(&s->cluster, ret);
        return;
    }
    const struct history *h = &s->past->load.history;
    ret->n = 0;
    for (uint32_t i = 0; i < h->outages_n && ret->n < FAULTS_MAX; i++) {
        const struct history_outage *o = &h->outages[i];
        if (o->injected && o->from <= s->scene.at_us && s->scene.at_us < o->until) {
            past_fault(s->past, o, &ret->at[ret->n++]);
        }
    }
}

void look_events(const struct session_of_command *s, tail_event *each, void *context)
{
    if (s->past == NULL) {
        struct tail *tail = tail_new(&s->cluster, 0);
        tail_read(tail, each, context);
        tail_free(&tail);
        return;
    }
    const struct history *h = &s->past->load.history;
    for (size_t i = 0; i < h->events_n && h->events[i].at.us <= s->scene.at_us; i++) {
        char line[SPINE_LINE_MAX];
        size_t n = spine_format(&s->cluster.topology, &h->events[i], line);
        line[n > 0 && line[n - 1] == '\n' ? n - 1 : n] = '\0';
        each(context, &h->events[i], line);
    }
}

const char *look_stamp(const struct session_of_command *s, int64_t at_us, char *ret, size_t size)
{
    char stamp[TICK_STAMP_LEN];
    snprintf(ret, size, "%s",
             at_us == 0 ? "-" : tick_stamp(s->scene.wall_us - (s->scene.at_us - at_us), stamp));
    return ret;
}

json_t *look_sign(const struct session_of_command *s, json_t *root)
{
    char stamp[TICK_STAMP_LEN];
    if (s->past != NULL) {
        json_object_set_new(root, "run", json_string(s->past->path));
        json_object_set_new(root, "at", json_string(tick_stamp(s->scene.wall_us, stamp)));
    }
    return root;
}

const char *look_moment(const struct session_of_command *s, char *ret, size_t size)
{
    const struct past *p = s->past;
    ret[0] = '\0';
    if (p == NULL) {
        return ret;
    }
    int n =
        snprintf(ret, size, "%s at %.3f s", p->name, (double)(s->scene.at_us - p->begin_us) / 1e6);
    if (p->fault != NULL && n > 0 && (size_t)n < size) {
        int64_t after = s->scene.at_us - p->fault->from;
        snprintf(ret + n, size - (size_t)n, " (fault %c %.3f s)", after < 0 ? '-' : '+',
                 (double)llabs(after) / 1e6);
    }
    return ret;
}
