#include "cluster/control/survey.h"

#include "cluster/control/proc.h"
#include "cluster/control/tick.h"

#include <stdlib.h>
#include <string.h>

#define PAGES_MAX    512
#define PAGE_WAIT_MS 2000

void survey_answer(struct scene_proc *p, const struct msg *answer)
{
    p->state = SCENE_UP;
    if (answer->kind == MSG_OP_NODE_STATUS) {
        p->node = answer->op_node_status;
    } else if (answer->kind == MSG_OP_PG_STATUS) {
        p->pg = answer->op_pg_status;
    } else if (answer->kind == MSG_OP_ICM_STATUS) {
        p->icm = answer->op_icm_status;
    } else if (answer->kind == MSG_OP_FLEET_STATUS) {
        p->fleet = answer->op_fleet_status;
    }
}

/* A process that lives and does not answer: has it just begun? */
static enum scene_state silent_state(const struct cluster *c, const char *name)
{
    char path[HOME_PATH_MAX];
    home_proc_path(c, name, "pid", path, sizeof path);
    return home_age_ms(path) < 5000 ? SCENE_STARTING : SCENE_HUNG;
}

void survey_take(struct operator_desk *o, const struct cluster *c, uint32_t timeout_ms,
                 struct scene *ret)
{
    const struct topology *t = &c->topology;
    struct operator_ask *asks = calloc(t->procs_n, sizeof *asks);
    uint32_t n = 0;
    if (asks == NULL) {
        abort();
    }
    memset(ret, 0, sizeof *ret);
    ret->at_us = tick_now_us();
    ret->wall_us = tick_wall_us();
    for (uint32_t i = 0; i < t->procs_n; i++) {
        struct proc_pid pid;
        enum proc_state state = proc_read(c, t->procs[i].name, &pid);
        ret->procs[i].pid = state == PROC_STATE_DEAD ? 0 : pid.pid;
        ret->procs[i].state = state == PROC_STATE_DEAD      ? SCENE_DOWN
                              : state == PROC_STATE_STOPPED ? SCENE_HUNG
                                                            : SCENE_STARTING;
        if (state == PROC_STATE_ALIVE && t->procs[i].kind == PROC_RECORDER) {
            ret->procs[i].state = SCENE_UP; /* it only reads, nobody can ask it */
        } else if (state == PROC_STATE_ALIVE) {
            asks[n].to.v = (uint16_t)(i + 1);
            asks[n++].question.kind = MSG_OP_STATUS;
        }
    }
    operator_ask(o, asks, n, timeout_ms);
    for (uint32_t k = 0; k < n; k++) {
        struct scene_proc *p = &ret->procs[asks[k].to.v - 1];
        if (asks[k].err == ERR_OK) {
            survey_answer(p, &asks[k].answer);
        } else {
            p->state = asks[k].err == ERR_UNKNOWN ? SCENE_DOWN
                                                  : silent_state(c, topology_name(t, asks[k].to));
        }
    }
    free(asks);
    scene_sum_up(t, ret);
}

/* One page of a list into `rows`; grows it. */
struct pages {
    void *rows;
    uint32_t n;
    size_t size;
};

static void add_rows(struct pages *p, const void *rows, uint32_t n)
{
    if (n == 0) {
        return;
    }
    void *more = realloc(p->rows, (p->n + n) * p->size);
    if (more == NULL) {
        abort();
    }
    p->rows = more;
    memcpy((char *)more + p->n * p->size, rows, n * p->size);
    p->n += n;
}

/* Take a page; the cursor of the next one, and whether there is one. */
static enum err take_page(struct pages *p, const struct msg *m, uint32_t *cursor, bool *last,
                          uint64_t *index, enum reason *reason)
{
    if (m->kind == MSG_OP_DEVICES) {
        const struct msg_op_devices *d = &m->op_devices;
        add_rows(p, d->rows, d->rows_n);
        *cursor = d->rows_n > 0 ? d->rows[d->rows_n - 1].device.v : *cursor;
        *last = d->last || d->rows_n == 0;
        *index = d->index;
        *reason = (enum reason)d->reason;
        return *reason == REASON_NONE ? ERR_OK : ERR_REFUSED;
    }
    if (m->kind == MSG_OP_CALLS) {
        add_rows(p, m->op_calls.rows, m->op_calls.rows_n);
        *cursor = p->n;
        *last = m->op_calls.last || m->op_calls.rows_n == 0;
        return ERR_OK;
    }
    if (m->kind == MSG_OP_AGENTS) {
        const struct msg_op_agents *a = &m->op_agents;
        add_rows(p, a->rows, a->rows_n);
        *cursor = a->rows_n > 0 ? a->rows[a->rows_n - 1].agent.v : *cursor;
        *last = a->last || a->rows_n == 0;
        return ERR_OK;
    }
    return ERR_INVALID;
}

static enum err list(struct operator_desk *o, struct proc_id who, enum op_list what,
                     bool linearizable, struct pages *p, uint64_t *index, enum reason *reason)
{
    uint32_t cursor = 0;
    /* A node without a majority says so when it has tried for long enough. */
    uint32_t patience_ms = (uint32_t)(operator_topology(o)->timers.node_down_after.us / 1000) *
                           TOPOLOGY_GIVE_UP_FACTOR;
    uint32_t wait_ms = PAGE_WAIT_MS + (linearizable ? patience_ms : 0);
    bool last = false;
    enum err err = ERR_OK;
    struct operator_ask *ask = calloc(1, sizeof *ask);
    if (ask == NULL) {
        abort();
    }
    for (uint32_t page = 0; page < PAGES_MAX && !last && err == ERR_OK; page++) {
        ask->to = who;
        ask->question.kind = MSG_OP_LIST;
        ask->question.op_list = (struct msg_op_list){
            .what = (uint32_t)what, .after = cursor, .linearizable = linearizable};
        operator_ask(o, ask, 1, wait_ms);
        err = ask->err != ERR_OK ? ask->err
                                 : take_page(p, &ask->answer, &cursor, &last, index, reason);
    }
    free(ask);
    if (err != ERR_OK) {
        free(p->rows);
        p->rows = NULL;
        p->n = 0;
    }
    return err;
}

enum err survey_devices(struct operator_desk *o, struct proc_id node, bool linearizable,
                        struct msg_op_device **ret_rows, uint32_t *ret_n, uint64_t *ret_index,
                        enum reason *ret_reason)
{
    struct pages p = {.size = sizeof **ret_rows};
    *ret_reason = REASON_NONE;
    *ret_index = 0;
    enum err err = list(o, node, OP_LIST_DEVICES, linearizable, &p, ret_index, ret_reason);
    *ret_rows = p.rows;
    *ret_n = p.n;
    return err;
}

enum err survey_calls(struct operator_desk *o, struct proc_id who, struct msg_op_call **ret_rows,
                      uint32_t *ret_n)
{
    struct pages p = {.size = sizeof **ret_rows};
    uint64_t index = 0;
    enum reason reason = REASON_NONE;
    enum err err = list(o, who, OP_LIST_CALLS, false, &p, &index, &reason);
    *ret_rows = p.rows;
    *ret_n = p.n;
    return err;
}

enum err survey_agents(struct operator_desk *o, struct proc_id who, struct msg_op_agent **ret_rows,
                       uint32_t *ret_n)
{
    struct pages p = {.size = sizeof **ret_rows};
    uint64_t index = 0;
    enum reason reason = REASON_NONE;
    enum err err = list(o, who, OP_LIST_AGENTS, false, &p, &index, &reason);
    *ret_rows = p.rows;
    *ret_n = p.n;
    return err;
}

/* Mark the devices that have a leg, as the fleets see it. */
static void mark_busy(struct operator_desk *o, const struct cluster *c, const struct scene *s,
                      bool *ret_busy)
{
    const struct topology *t = &c->topology;
    for (uint32_t i = 0; i < t->procs_n; i++) {
        struct msg_op_call *calls = NULL;
        uint32_t n = 0;
        if (t->procs[i].kind != PROC_FLEET || s->procs[i].state != SCENE_UP ||
            survey_calls(o, (struct proc_id){(uint16_t)(i + 1)}, &calls, &n) != ERR_OK) {
            continue;
        }
        for (uint32_t k = 0; k < n; k++) {
            ret_busy[calls[k].device.v <= DEVICES_MAX ? calls[k].device.v : 0] = true;
        }
        free(calls);
    }
}

enum err survey_homes(struct operator_desk *o, const struct cluster *c, const struct scene *s,
                      struct scene_homes *ret)
{
    const struct topology *t = &c->topology;
    struct msg_op_device *rows = NULL;
    uint32_t n = 0;
    uint64_t index = 0;
    enum reason reason = REASON_NONE;
    scene_no_homes(t, ret);
    struct proc_id node = scene_node(s, t);
    if (!proc_id_some(node)) {
        return ERR_STATE;
    }
    enum err err = survey_devices(o, node, false, &rows, &n, &index, &reason);
    if (err != ERR_OK) {
        return err;
    }
    scene_count_homes(s, t, rows, n, index, NULL, ret);
    if (ret->at_home < ret->total) {
        bool *busy = calloc(DEVICES_MAX + 1, sizeof *busy);
        if (busy == NULL) {
            abort();
        }
        mark_busy(o, c, s, busy);
        scene_count_homes(s, t, rows, n, index, busy, ret);
        free(busy);
    }
    free(rows);
    return ERR_OK;
}
