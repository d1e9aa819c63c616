#include "cluster/control/scenario_step.h"

#include "cluster/control/flow.h"
#include "cluster/control/patience.h"
#include "cluster/control/scenario_break.h"
#include "cluster/control/scenario_write.h"
#include "cluster/control/target.h"
#include "node/base/plural.h"
#include "node/runtime/topology_raw.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POLL_MS    50   /* each look asks every process of the cluster, which has other work */
#define LEAD_MS    5000 /* longer than four elections */
#define SETTLED_MS 1500 /* longer than a node waits before it says its hash */
/* Phones have this part of their time more, for one that hung up as it ended; how late an idle one
 * was is for the judges. */
#define HANG_UP_PART 20

static int64_t now_us(const struct scenario_step_stage *st)
{
    return st->ways->now_us(st->ways->context);
}

__attribute__((format(printf, 2, 3))) static bool missing(struct scenario_step_stage *st,
                                                          const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(st->why, sizeof st->why, format, args);
    va_end(args);
    return false;
}

static bool homes_of(struct scenario_step_stage *st, struct scene_homes *ret)
{
    enum err err = survey_homes(st->desk, st->cluster, st->scene, ret);
    return err == ERR_OK ? true : missing(st, "no node tells where the devices are");
}

static bool is_healthy(struct scenario_step_stage *st)
{
    struct scene_homes homes;
    return homes_of(st, &homes) &&
           scene_healthy(st->scene, &st->cluster->topology, &homes, st->why);
}

struct legs {
    uint32_t up, on_hold, in_setup;
};

static struct legs count_legs(struct scenario_step_stage *st)
{
    const struct topology *t = &st->cluster->topology;
    struct legs legs = {0};
    for (uint32_t i = 0; i < t->procs_n; i++) {
        struct msg_op_call *rows = NULL;
        uint32_t n = 0;
        if (t->procs[i].kind != PROC_FLEET ||
            survey_calls(st->desk, (struct proc_id){(uint16_t)(i + 1)}, &rows, &n) != ERR_OK) {
            continue;
        }
        for (uint32_t k = 0; k < n; k++) {
            enum leg state = (enum leg)rows[k].state;
            bool hold = state == LEG_HOLDING || state == LEG_HELD;
            legs.on_hold += hold ? 1 : 0;
            legs.up += hold || state == LEG_CONNECTED ? 1 : 0;
            legs.in_setup += state == LEG_DIALING || state == LEG_RINGING ||
                                     state == LEG_RINGBACK || state == LEG_QUEUED
                                 ? 1
                                 : 0;
        }
        free(rows);
    }
    return legs;
}

static bool has_traffic(struct scenario_step_stage *st, const struct scenario_step *step)
{
    struct legs legs = count_legs(st);
    bool holds = st->cluster->topology.traffic.hold_percent == 0 || legs.on_hold > 0;
    return (legs.up >= step->count && holds && legs.in_setup > 0) ||
           missing(st, "%u of %u legs are up, %u on hold, %u in setup", legs.up, step->count,
                   legs.on_hold, legs.in_setup);
}

/* Whoever is not at home is in a call. */
static bool is_rehomed(struct scenario_step_stage *st)
{
    struct scene_homes h;
    if (!homes_of(st, &h)) {
        return false;
    }
    uint32_t left = h.total - h.at_home - h.away_busy;
    return left == 0 || missing(st, "%u of %u devices have not moved", left, h.total);
}

/* Whoever is not broken serves. */
static bool nodes_serve(struct scenario_step_stage *st)
{
    const struct topology *t = &st->cluster->topology;
    for (uint16_t v = 1; v <= t->procs_n; v++) {
        const struct topology_proc *p = &t->procs[v - 1];
        struct proc_id id = {v};
        if (p->kind == PROC_NODE && p->callmanager && !scenario_break_met(st, id) &&
            !scene_serves(st->scene, t, id)) {
            return missing(st, "%s does not serve yet", p->name);
        }
    }
    return true;
}

static bool is_home(struct scenario_step_stage *st)
{
    struct scene_homes h;
    return nodes_serve(st) && homes_of(st, &h) &&
           (h.at_home == h.total ||
            missing(st, "%u of %u devices are at home", h.at_home, h.total));
}

/* Phones go home under traffic; gateways that are still draining may follow, and so may phones that
 * had one call after the other, when the `time_is_up`. */
static bool phones_are_home(struct scenario_step_stage *st, bool time_is_up)
{
    struct scene_homes h;
    if (!nodes_serve(st) || !homes_of(st, &h)) {
        return false;
    }
    uint32_t may_follow = h.gateways_away + (time_is_up ? h.phones_away_busy : 0);
    return h.at_home + may_follow >= h.total ||
           missing(st, "%u of %u devices are at home", h.at_home, h.total);
}

static bool pg_is_active(struct scenario_step_stage *st, bool other)
{
    const struct topology *t = &st->cluster->topology;
    for (uint32_t i = 0; i < t->procs_n; i++) {
        const struct msg_op_pg_status *g = &st->scene->procs[i].pg;
        if (t->procs[i].kind != PROC_PG || !g->active || (other && st->active.v == i + 1)) {
            continue;
        }
        return g->monitors >= g->monitors_wanted ||
               missing(st, "%s has %u of %u monitors", t->procs[i].name, g->monitors,
                       g->monitors_wanted);
    }
    return missing(st, "%s PG side is active", other ? "the other" : "no");
}

static bool is_paired(struct scenario_step_stage *st)
{
    const struct topology *t = &st->cluster->topology;
    for (uint32_t i = 0; i < t->procs_n; i++) {
        const struct msg_op_pg_status *g = &st->scene->procs[i].pg;
        const char *name = t->procs[i].name;
        if (t->procs[i].kind != PROC_PG) {
            continue;
        }
        if (st->scene->procs[i].state != SCENE_UP || !g->controller_up || !g->peer_up) {
            return missing(st, "%s does not see its peer or the controller", name);
        }
        if (!g->provider_up) {
            return missing(st, "%s has no provider", name);
        }
    }
    return true;
}

static bool is_resting(struct scenario_step_stage *st, const struct scenario_step *step)
{
    uint32_t told = 0;
    st->told = flow_rest(st->desk, st->cluster, step->count, st->told);
    for (uint32_t i = 0; i < FLOW_RESTERS_MAX; i++) {
        told += (st->told >> i & 1) != 0 ? 1 : 0;
    }
    return told >= step->count ||
           missing(st, "%u of %u agents could be told to be not ready", told, step->count);
}

static uint64_t routed_by(const struct scenario_step_stage *st)
{
    const struct topology *t = &st->cluster->topology;
    uint64_t n = 0;
    for (uint32_t i = 0; i < t->procs_n; i++) {
        uint64_t routed = st->scene->procs[i].icm.routed; /* two routers of a pair do the same */
        n = t->procs[i].kind == PROC_ICM && routed > n ? routed : n;
    }
    return n;
}

static bool has_routed(struct scenario_step_stage *st)
{
    if (!st->counted) {
        st->counted = true;
        st->routed = routed_by(st);
    }
    return routed_by(st) > st->routed || missing(st, "no call was routed since");
}

static bool nothing_preserved(struct scenario_step_stage *st)
{
    struct scene_homes h;
    return homes_of(st, &h) &&
           ((st->scene->preserved == 0 && h.in_call == 0) ||
            missing(st, "%u %s preserved, %u %s", st->scene->preserved,
                    plural_of(st->scene->preserved, "call is", "calls are"), h.in_call,
                    plural_of(h.in_call, "device waits", "devices wait")));
}

/* The state counts, not the index: what only confirms a leader moves the index and nothing else. */
static bool is_settled(struct scenario_step_stage *st)
{
    const struct topology *t = &st->cluster->topology;
    const char *first = NULL;
    uint64_t hash = 0;
    for (uint32_t i = 0; i < t->procs_n; i++) {
        const struct msg_op_node_status *n = &st->scene->procs[i].node;
        if (t->procs[i].kind != PROC_NODE) {
            continue;
        }
        if (n->applied == 0 || (first != NULL && n->hash != hash)) {
            st->hash_since_us = 0;
            return missing(st, "%s does not hold the state of %s (applied: %llu)", t->procs[i].name,
                           first != NULL ? first : "the others", (unsigned long long)n->applied);
        }
        first = t->procs[i].name;
        hash = n->hash;
    }
    if (hash != st->hash || st->hash_since_us == 0) {
        st->hash = hash;
        st->hash_since_us = now_us(st);
    }
    return now_us(st) - st->hash_since_us > (int64_t)SETTLED_MS * 1000 ||
           missing(st, "the registry still changes");
}

static bool pg_is_passive(struct scenario_step_stage *st)
{
    const struct topology *t = &st->cluster->topology;
    for (uint32_t i = 0; i < t->procs_n; i++) {
        if (t->procs[i].kind == PROC_PG && st->scene->procs[i].pg.active) {
            return missing(st, "%s is active", t->procs[i].name);
        }
    }
    return true;
}

/* Whether all nodes that are up hold a lease, or none does; and there is a leader, or none. */
static bool is_quorate(struct scenario_step_stage *st, bool quorate)
{
    const struct topology *t = &st->cluster->topology;
    for (uint32_t i = 0; i < t->procs_n; i++) {
        const struct scene_proc *p = &st->scene->procs[i];
        if (t->procs[i].kind == PROC_NODE && p->state == SCENE_UP && p->node.lease != quorate) {
            return missing(st, "%s %s", t->procs[i].name, quorate ? "has no lease" : "has a lease");
        }
    }
    return proc_id_some(st->scene->leader) == quorate ||
           missing(st, "there is %s leader", quorate ? "no" : "a");
}

/* Whether what the step waits for is there. */
static bool is_there(struct scenario_step_stage *st, const struct scenario_step *step)
{
    switch (step->step) {
    case SCENARIO_HEALTHY:
        return is_healthy(st);
    case SCENARIO_TRAFFIC:
        return has_traffic(st, step);
    case SCENARIO_REHOMED:
        return is_rehomed(st);
    case SCENARIO_PG_MOVED:
        return pg_is_active(st, true);
    case SCENARIO_PG_DUE:
        return pg_is_active(st, st->pg_lost);
    case SCENARIO_PG_NONE:
        return pg_is_passive(st);
    case SCENARIO_QUORUM:
        return is_quorate(st, true);
    case SCENARIO_NO_QUORUM:
        return is_quorate(st, false);
    case SCENARIO_ACCEPTED:
    case SCENARIO_REFUSED:
        return scenario_write_is(st->desk, &st->cluster->topology, st->scene, step->write,
                                 step->step == SCENARIO_ACCEPTED, st->why);
    case SCENARIO_PAIRED:
        return is_paired(st);
    case SCENARIO_REST:
        return is_resting(st, step);
    case SCENARIO_LOOK_ON:
        return false;
    case SCENARIO_PG_BACK:
        return pg_is_active(st, false);
    case SCENARIO_ROUTED:
        return has_routed(st);
    case SCENARIO_PRESERVED_OVER:
        return nothing_preserved(st);
    case SCENARIO_PHONES_HOME:
        return phones_are_home(st, false);
    case SCENARIO_HOME:
        return is_home(st);
    case SCENARIO_QUIET:
        return flow_is_over(st->desk, st->cluster, st->scene, st->why);
    case SCENARIO_SETTLED:
        return is_settled(st);
    case SCENARIO_BREAK:
    case SCENARIO_CUT:
    case SCENARIO_FLAP:
    case SCENARIO_HEAL:
    case SCENARIO_LEAD:
    case SCENARIO_TRAFFIC_OFF:
    case SCENARIO_STEPS:
        break;
    }
    UNREACHABLE("orders are done before");
}

static int let_lead(struct scenario_step_stage *st, const struct scenario_step *step)
{
    struct msg *m = calloc(1, sizeof *m);
    if (m == NULL) {
        abort();
    }
    st->ways->survey(st->ways->context, st->scene);
    m->kind = MSG_OP_TRANSFER;
    int code = target_find(step->target, &st->cluster->topology, st->scene, &m->op_transfer.to);
    if (code == OUTCOME_DONE && !proc_id_some(st->scene->leader)) {
        code = outcome_error(OUTCOME_UNREACHABLE, "rehome raft", "nobody leads at the moment");
    }
    if (code == OUTCOME_DONE && !proc_id_eq(m->op_transfer.to, st->scene->leader)) {
        code = operator_order(st->desk, st->scene->leader, m, LEAD_MS, NULL);
    }
    free(m);
    return code;
}

/* The first fault comes at a moment when a call is being set up, if there is such a moment within
 * the time of its step. */
static bool in_traffic(const struct scenario_step_stage *st)
{
    return st->faults_n == 0 && st->cluster->topology.traffic.agent_calls_mps > 0;
}

struct duration scenario_step_within(const struct scenario_step *step, const struct topology *t)
{
    struct duration within = {0};
    struct topology_timers lab = {0};
    bool known =
        topology_raw_duration(step->within, &within) && topology_profile("lab", &lab) == ERR_OK;
    ASSERT(known); /* or the file had been refused */
    if (step->step != SCENARIO_LOOK_ON && t->timers.fallback_watch.us > lab.fallback_watch.us) {
        within.us = within.us / 1000 * (t->timers.fallback_watch.us / 1000) /
                    (lab.fallback_watch.us / 1000) * 1000;
    }
    return within;
}

int scenario_step_run(struct scenario_step_stage *st, const struct scenario_step *step)
{
    struct duration within = scenario_step_within(step, &st->cluster->topology);
    int64_t until = now_us(st) + within.us;
    st->why[0] = '\0';
    st->counted = false;
    if (step->step == SCENARIO_BREAK || step->step == SCENARIO_CUT || step->step == SCENARIO_FLAP) {
        while (in_traffic(st) && count_legs(st).in_setup == 0 && now_us(st) < until) {
            st->ways->pass_ms(st->ways->context, 1);
        }
        return step->step == SCENARIO_FLAP ? scenario_break_flap(st, step, within)
                                           : scenario_break_make(st, step);
    }
    if (step->step == SCENARIO_HEAL) {
        return scenario_break_undo(st, step);
    }
    if (step->step == SCENARIO_LEAD) {
        return let_lead(st, step);
    }
    if (step->step == SCENARIO_TRAFFIC_OFF) {
        return flow_set(st->desk, st->cluster, false);
    }
    for (;;) {
        st->ways->survey(st->ways->context, st->scene);
        bool there = is_there(st, step);
        if (st->unfold != NULL) {
            unfold_step(st->unfold);
        }
        if (there) {
            if (st->unfold != NULL) {
                unfold_tell(st->unfold, step->step == SCENARIO_REHOMED);
            }
            return OUTCOME_DONE;
        }
        if (st->ways->interrupted(st->ways->context)) {
            return OUTCOME_INTERRUPTED;
        }
        if (now_us(st) > until) {
            bool homing = step->step == SCENARIO_PHONES_HOME;
            if (step->step == SCENARIO_LOOK_ON || (homing && phones_are_home(st, true))) {
                return OUTCOME_DONE;
            }
            if (!homing || now_us(st) > until + within.us / HANG_UP_PART) {
                return OUTCOME_TIMEOUT;
            }
        }
        st->ways->pass_ms(st->ways->context, POLL_MS * patience_of(&st->cluster->topology));
    }
}
