#include "cluster/control/survey.h"

#include "cluster/control/proc.h"
#include "cluster/control/tick.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGES_MAX    512
#define PAGE_WAIT_MS 2000

const char *survey_state_word(enum survey_state state)
{
    static const char *const words[] = {[SURVEY_DOWN] = "down",
                                        [SURVEY_UP] = "up",
                                        [SURVEY_HUNG] = "hung",
                                        [SURVEY_STARTING] = "starting"};
    return words[state];
}

static void take_answer(struct survey_proc *p, const struct msg *answer)
{
    p->state = SURVEY_UP;
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
static enum survey_state silent_state(const struct cluster *c, const char *name)
{
    char path[HOME_PATH_MAX];
    home_proc_path(c, name, "pid", path, sizeof path);
    return home_age_ms(path) < 5000 ? SURVEY_STARTING : SURVEY_HUNG;
}

static void sum_up(const struct topology *t, struct survey *s)
{
    for (uint32_t i = 0; i < t->procs_n; i++) {
        const struct survey_proc *p = &s->procs[i];
        bool up = p->state == SURVEY_UP;
        s->any_answered = s->any_answered || (up && t->procs[i].kind != PROC_RECORDER);
        if (t->procs[i].kind == PROC_NODE) {
            s->nodes++;
            s->nodes_up += up ? 1 : 0;
            if (up && p->node.raft == RAFT_STATE_LEADER && p->node.term >= s->term) {
                s->leader.v = (uint16_t)(i + 1);
                s->term = p->node.term;
                s->commit = p->node.commit;
            }
        } else if (t->procs[i].kind == PROC_FLEET && up) {
            s->phones += p->fleet.phones;
            s->gateways += p->fleet.gateways;
            s->phones_registered += p->fleet.phones_registered;
            s->gateways_registered += p->fleet.gateways_registered;
            s->calls += p->fleet.calls;
            s->preserved += p->fleet.preserved;
            s->media_flowing += p->fleet.media_flowing;
            s->agents += p->fleet.agents;
            s->agents_logged_in += p->fleet.agents_logged_in;
            s->agents_ready += p->fleet.agents_ready;
        }
    }
}

void survey_take(struct operator_desk *o, const struct cluster *c, uint32_t timeout_ms,
                 struct survey *ret)
{
    const struct topology *t = &c->topology;
    struct operator_ask *asks = calloc(t->procs_n, sizeof *asks);
    uint32_t n = 0;
    if (asks == NULL) {
        abort();
    }
    memset(ret, 0, sizeof *ret);
    for (uint32_t i = 0; i < t->procs_n; i++) {
        struct proc_pid pid;
        enum proc_state state = proc_read(c, t->procs[i].name, &pid);
        ret->procs[i].pid = state == PROC_STATE_DEAD ? 0 : pid.pid;
        ret->procs[i].state = state == PROC_STATE_DEAD      ? SURVEY_DOWN
                              : state == PROC_STATE_STOPPED ? SURVEY_HUNG
                                                            : SURVEY_STARTING;
        if (state == PROC_STATE_ALIVE && t->procs[i].kind == PROC_RECORDER) {
            ret->procs[i].state = SURVEY_UP; /* it only reads, nobody can ask it */
        } else if (state == PROC_STATE_ALIVE) {
            asks[n].to.v = (uint16_t)(i + 1);
            asks[n++].question.kind = MSG_OP_STATUS;
        }
    }
    operator_ask(o, asks, n, timeout_ms);
    for (uint32_t k = 0; k < n; k++) {
        struct survey_proc *p = &ret->procs[asks[k].to.v - 1];
        if (asks[k].err == ERR_OK) {
            take_answer(p, &asks[k].answer);
        } else {
            p->state = asks[k].err == ERR_UNKNOWN ? SURVEY_DOWN
                                                  : silent_state(c, topology_name(t, asks[k].to));
        }
    }
    free(asks);
    sum_up(t, ret);
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
        operator_ask(o, ask, 1, PAGE_WAIT_MS);
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

struct proc_id survey_node(const struct survey *s, const struct topology *t)
{
    if (proc_id_some(s->leader)) {
        return s->leader;
    }
    for (uint32_t i = 0; i < t->procs_n; i++) {
        if (t->procs[i].kind == PROC_NODE && s->procs[i].state == SURVEY_UP) {
            return (struct proc_id){(uint16_t)(i + 1)};
        }
    }
    return (struct proc_id){0};
}

struct proc_id survey_active(const struct survey *s, const struct topology *t, uint32_t pair)
{
    for (uint32_t i = 0; i < t->procs_n; i++) {
        if (t->procs[i].kind == PROC_PG && t->procs[i].pair == pair &&
            s->procs[i].state == SURVEY_UP && s->procs[i].pg.active) {
            return (struct proc_id){(uint16_t)(i + 1)};
        }
    }
    return (struct proc_id){0};
}

bool survey_serves(const struct survey *s, const struct topology *t, struct proc_id node)
{
    const struct topology_proc *p = topology_proc_of(t, node);
    const struct survey_proc *sp = &s->procs[node.v - 1];
    return p != NULL && p->kind == PROC_NODE && sp->state == SURVEY_UP && sp->node.callmanager &&
           sp->node.lease;
}

static struct proc_id first_living(const struct survey *s, const struct topology *t, uint32_t group)
{
    const struct topology_group *g = &t->groups[group];
    for (uint32_t i = 0; i < g->members_n; i++) {
        if (survey_serves(s, t, g->members[i])) {
            return g->members[i];
        }
    }
    return (struct proc_id){0};
}

/* Mark the devices that have a leg, as the fleets see it. */
static void mark_busy(struct operator_desk *o, const struct cluster *c, const struct survey *s,
                      bool *ret_busy)
{
    const struct topology *t = &c->topology;
    for (uint32_t i = 0; i < t->procs_n; i++) {
        struct msg_op_call *calls = NULL;
        uint32_t n = 0;
        if (t->procs[i].kind != PROC_FLEET || s->procs[i].state != SURVEY_UP ||
            survey_calls(o, (struct proc_id){(uint16_t)(i + 1)}, &calls, &n) != ERR_OK) {
            continue;
        }
        for (uint32_t k = 0; k < n; k++) {
            ret_busy[calls[k].device.v <= DEVICES_MAX ? calls[k].device.v : 0] = true;
        }
        free(calls);
    }
}

static uint32_t count_away_busy(struct operator_desk *o, const struct cluster *c,
                                const struct survey *s, const struct msg_op_device *rows,
                                uint32_t n)
{
    uint32_t count = 0;
    bool *busy = calloc(DEVICES_MAX + 1, sizeof *busy);
    if (busy == NULL) {
        abort();
    }
    mark_busy(o, c, s, busy);
    for (uint32_t i = 0; i < n; i++) {
        struct device_info info;
        if (topology_device(&c->topology, rows[i].device, &info) &&
            info.kind != DEVICE_KIND_ROUTE_POINT && busy[rows[i].device.v] &&
            (rows[i].state != DEVICE_STATE_REGISTERED ||
             !proc_id_eq(first_living(s, &c->topology, info.group), rows[i].node))) {
            count++;
        }
    }
    free(busy);
    return count;
}

enum err survey_homes(struct operator_desk *o, const struct cluster *c, const struct survey *s,
                      struct survey_homes *ret)
{
    const struct topology *t = &c->topology;
    struct msg_op_device *rows = NULL;
    uint32_t n = 0;
    enum reason reason = REASON_NONE;
    memset(ret, 0, sizeof *ret);
    struct proc_id node = survey_node(s, t);
    if (!proc_id_some(node)) {
        return ERR_STATE;
    }
    enum err err = survey_devices(o, node, false, &rows, &n, &ret->index, &reason);
    if (err != ERR_OK) {
        return err;
    }
    for (uint32_t i = 0; i < n; i++) {
        struct device_info info;
        if (!topology_device(t, rows[i].device, &info) || info.kind == DEVICE_KIND_ROUTE_POINT) {
            continue;
        }
        ret->total++;
        if (rows[i].state == DEVICE_STATE_REGISTERED && proc_id_some(rows[i].node)) {
            ret->registered++;
            if (rows[i].node.v <= PROCS_MAX) {
                ret->by_node[rows[i].node.v - 1]++;
            }
            bool home = proc_id_eq(first_living(s, t, info.group), rows[i].node);
            ret->at_home += home ? 1 : 0;
            ret->gateways_away += !home && info.kind == DEVICE_KIND_GATEWAY ? 1 : 0;
        } else if (rows[i].state == DEVICE_STATE_IN_CALL) {
            ret->in_call++;
        }
    }
    uint32_t expected = topology_devices(t) - t->dialled_n;
    if (ret->at_home < expected) {
        ret->away_busy = count_away_busy(o, c, s, rows, n);
    }
    free(rows);
    ret->total = expected;
    ret->unregistered = expected - ret->registered - ret->in_call;
    return ERR_OK;
}

__attribute__((format(printf, 2, 3))) static bool not_healthy(char *ret_why, const char *format,
                                                              ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(ret_why, SURVEY_WHY_LEN, format, args);
    va_end(args);
    return false;
}

static bool nodes_healthy(const struct survey *s, const struct topology *t, char *why)
{
    for (uint32_t i = 0; i < t->procs_n; i++) {
        const struct topology_proc *p = &t->procs[i];
        const struct msg_op_node_status *n = &s->procs[i].node;
        if (p->kind == PROC_RECORDER) {
            continue; /* the cluster never needs it */
        }
        if (s->procs[i].state != SURVEY_UP) {
            return not_healthy(why, "%s is %s", p->name, survey_state_word(s->procs[i].state));
        }
        if (p->kind != PROC_NODE) {
            continue;
        }
        if (p->callmanager && !n->callmanager) {
            return not_healthy(why, "the CallManager of %s is down", p->name);
        }
        if (p->ctimanager && !n->ctimanager) {
            return not_healthy(why, "the CTI Manager of %s is down", p->name);
        }
        if (!n->lease) {
            return not_healthy(why, "%s has no lease", p->name);
        }
    }
    return proc_id_some(s->leader) ? true : not_healthy(why, "there is no Raft leader");
}

static bool pgs_healthy(const struct survey *s, const struct topology *t, char *why)
{
    for (uint32_t i = 0; i < t->procs_n; i++) {
        const struct topology_proc *p = &t->procs[i];
        const struct msg_op_pg_status *g = &s->procs[i].pg;
        if (p->kind != PROC_PG) {
            continue;
        }
        if (!g->controller_up) {
            return not_healthy(why, "%s has no path to the central controller", p->name);
        }
        if (!g->provider_up) {
            return not_healthy(why, "%s has no provider at its CTI Manager", p->name);
        }
        if (g->active && g->monitors < g->monitors_wanted) {
            return not_healthy(why, "%s has %u of %u monitors", p->name, g->monitors,
                               g->monitors_wanted);
        }
        if (!proc_id_some(survey_active(s, t, p->pair))) {
            return not_healthy(why, "no side of PG pair %u is active", p->pair);
        }
    }
    return true;
}

bool survey_healthy(const struct survey *s, const struct topology *t,
                    const struct survey_homes *homes, char ret_why[SURVEY_WHY_LEN])
{
    ret_why[0] = '\0';
    if (!nodes_healthy(s, t, ret_why) || !pgs_healthy(s, t, ret_why)) {
        return false;
    }
    uint32_t away = homes->total - homes->at_home;
    if (away > homes->away_busy) {
        return not_healthy(ret_why, "%u idle phones and gateways of %u are away from home",
                           away - homes->away_busy, homes->total);
    }
    uint32_t agents = topology_agents_total(t);
    if (s->agents_logged_in < agents) {
        return not_healthy(ret_why, "%u of %u agents are logged in", s->agents_logged_in, agents);
    }
    return true;
}
