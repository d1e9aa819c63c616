#include "cluster/check/sentence_split.h"

#include "cluster/check/ledger.h"
#include "cluster/check/sentence.h"
#include "cluster/check/sentence_icm.h"

#include <stdio.h>
#include <string.h>

#define MS           1000
#define CUTS_MAX     8
#define TAKE_OVER_US INT64_C(500000)  /* besides the time to miss a partner */
#define ASK_AGAIN_US INT64_C(1000000) /* over the other path, besides the time to miss one */

/* A cut of the private network between the sides, and who has to serve alone meanwhile. */
struct split {
    int64_t from, until;
    struct proc_id alone, leaves;
};

static struct proc_id icm_side(const struct history *h, enum side side)
{
    for (uint16_t v = 1; v <= h->topology->procs_n; v++) {
        const struct topology_proc *p = &h->topology->procs[v - 1];
        if (p->kind == PROC_ICM && p->side == side) {
            return (struct proc_id){v};
        }
    }
    return (struct proc_id){0};
}

/* Whether this PG side had a path to that side of the controller. */
static bool reaches(const struct history *h, uint16_t pg, struct proc_id side, int64_t at)
{
    bool up = false;
    for (size_t i = 0; i < h->events_n && h->events[i].at.us < at; i++) {
        const struct event *e = &h->events[i];
        bool link = e->kind == EVENT_LINK_UP || e->kind == EVENT_LINK_DOWN;
        if (link && e->proc.v == pg && proc_id_eq(e->peer, side) &&
            strcmp(e->text, "controller") == 0) {
            up = e->kind == EVENT_LINK_UP;
        }
    }
    return up;
}

/* Side A goes on with at least half of the PG sides, else side B does. */
static void decide(const struct history *h, struct split *s)
{
    struct proc_id a = icm_side(h, SIDE_A), b = icm_side(h, SIDE_B);
    uint32_t all = 0, reach = 0;
    for (uint16_t v = 1; v <= h->topology->procs_n; v++) {
        bool pg = h->topology->procs[v - 1].kind == PROC_PG;
        all += pg ? 1 : 0;
        reach += pg && reaches(h, v, a, s->from) ? 1 : 0;
    }
    s->alone = 2 * reach >= all ? a : b;
    s->leaves = 2 * reach >= all ? b : a;
}

/* How many there are; none is said. */
static uint32_t find(const struct history *h, struct check_result *ret, struct split all[CUTS_MAX])
{
    uint32_t n = 0;
    struct proc_id a = icm_side(h, SIDE_A);
    for (uint32_t i = history_first(h); i < h->outages_n && n < CUTS_MAX; i++) {
        const struct history_outage *o = &h->outages[i];
        if (o->network && proc_id_eq(o->proc, a) && strstr(o->what, "private") != NULL) {
            all[n] = (struct split){.from = o->from, .until = o->until};
            decide(h, &all[n++]);
        }
    }
    if (n == 0) {
        check_say(ret, VERDICT_INCONCLUSIVE,
                  "the private network of a duplexed controller was not cut");
    }
    return n;
}

/* When the side was in this state first within the cut; FOREVER: never. */
static int64_t when(const struct history *h, const struct split *s, struct proc_id side,
                    enum mds_state state)
{
    for (size_t i = 0; i < h->events_n; i++) {
        const struct event *e = &h->events[i];
        if (e->kind == EVENT_MDS_STATE && proc_id_eq(e->proc, side) && e->value == (int64_t)state &&
            e->at.us >= s->from && e->at.us < s->until) {
            return e->at.us;
        }
    }
    return HISTORY_FOREVER;
}

void sentence_split_alone(const struct history *h, struct check_result *ret)
{
    struct split all[CUTS_MAX];
    uint32_t n = find(h, ret, all);
    char who[128] = "";
    uint64_t good = 0, bad = 0;
    int64_t slowest = 0;
    int64_t bound =
        h->topology->timers.private_heartbeat.us * (int64_t)h->topology->timers.private_misses +
        TAKE_OVER_US;
    for (uint32_t k = 0; k < n; k++) {
        int64_t alone = when(h, &all[k], all[k].alone, MDS_STATE_ISOLATED_ENABLED);
        int64_t left = when(h, &all[k], all[k].leaves, MDS_STATE_ISOLATED_DISABLED);
        bool both = when(h, &all[k], all[k].leaves, MDS_STATE_ISOLATED_ENABLED) != HISTORY_FOREVER;
        int64_t took = (alone > left ? alone : left) - all[k].from;
        bool as_due = !both && took <= bound;
        size_t used = strlen(who);
        snprintf(who + used, sizeof who - used, "%s%s%s", k > 0 ? ", " : "", as_due ? "" : "not ",
                 topology_name(h->topology, all[k].alone));
        good += as_due ? 1 : 0;
        bad += as_due ? 0 : 1;
        slowest = as_due && took > slowest ? took : slowest;
    }
    if (n > 0) {
        check_say(ret, check_verdict(good, bad),
                  "%u cuts; alone as due: %s, after %lld ms at most (bound %lld ms)", n, who,
                  (long long)(slowest / MS), (long long)(bound / MS));
    }
}

void sentence_split_one(const struct history *h, struct check_result *ret)
{
    struct split all[CUTS_MAX];
    int64_t state[PROCS_MAX + 1] = {0};
    uint64_t changes = 0, both = 0;
    if (find(h, ret, all) == 0) {
        return;
    }
    for (size_t i = 0; i < h->events_n; i++) {
        const struct event *e = &h->events[i];
        uint32_t alone = 0;
        if (e->kind != EVENT_MDS_STATE || e->proc.v > h->topology->procs_n) {
            continue;
        }
        state[e->proc.v] = e->value;
        for (uint16_t v = 1; v <= h->topology->procs_n; v++) {
            alone += state[v] == MDS_STATE_ISOLATED_ENABLED ? 1 : 0;
        }
        changes++;
        both += alone > 1 ? 1 : 0;
    }
    check_say(ret, check_verdict(changes, both),
              "%llu changes of a side; after %llu of them both served alone",
              (unsigned long long)changes, (unsigned long long)both);
}

void sentence_split_routed(const struct history *h, struct check_result *ret)
{
    struct split all[CUTS_MAX];
    const struct topology_timers *t = &h->topology->timers;
    if (find(h, ret, all) > 0) {
        sentence_icm_routed_within(h, t->mesh_heartbeat.us * (int64_t)t->mesh_misses + ASK_AGAIN_US,
                                   ret);
    }
}

void sentence_split_records(const struct history *h, struct check_result *ret)
{
    struct split all[CUTS_MAX];
    uint64_t stored = 0, missing = 0;
    if (find(h, ret, all) == 0) {
        return;
    }
    for (size_t i = 0; i < h->events_n; i++) {
        const struct event *e = &h->events[i];
        if (e->kind == EVENT_TCD_WRITTEN && e->at.us >= history_fault(h)->from &&
            e->at.us + LEDGER_DELIVERY_US < h->end_us) {
            bool there = sentence_icm_stored(h, e->value);
            stored += there ? 1 : 0;
            missing += there ? 0 : 1;
        }
    }
    check_say(ret, check_verdict(stored, missing), "%llu records written since, %llu not stored",
              (unsigned long long)(stored + missing), (unsigned long long)missing);
}

/* Whether a side was given the state of the other one, and its rows, at last, between two cuts: it
 * may be before the command says that the network is whole. */
static bool returned(const struct history *h, struct proc_id side, int64_t from, int64_t until)
{
    bool paired = false, complete = false;
    for (size_t i = 0; i < h->events_n; i++) {
        const struct event *e = &h->events[i];
        if (!proc_id_eq(e->proc, side) || e->at.us < from || e->at.us >= until) {
            continue;
        }
        if (e->kind == EVENT_MDS_STATE) {
            paired = e->value == MDS_STATE_PAIRED_DISABLED;
            complete = false;
        }
        complete = complete || (paired && e->kind == EVENT_RECOVERED);
    }
    return complete;
}

void sentence_split_returns(const struct history *h, struct check_result *ret)
{
    struct split all[CUTS_MAX];
    uint32_t n = find(h, ret, all);
    uint64_t back = 0;
    for (uint32_t k = 0; k < n; k++) {
        int64_t until = k + 1 < n ? all[k + 1].from : HISTORY_FOREVER;
        back += returned(h, all[k].leaves, all[k].from, until) ? 1 : 0;
    }
    if (n > 0) {
        check_say(ret, check_verdict(back, n - back),
                  "after %llu of %u cuts the side that had left was given the state, and its "
                  "logger the rows",
                  (unsigned long long)back, n);
    }
}
