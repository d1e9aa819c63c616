#include "cluster/check/sentence_control.h"

#include "cluster/check/sentence.h"

#define MS       1000
#define GAPS_MAX 16
/* What was routed before is told so long at most. */
#define NEWS_US INT64_C(500000)

/* A time without control, and what ended it. */
struct gap {
    uint32_t pair;
    int64_t from, until;
    bool by_side; /* a PG side returned, and not a CTI Manager */
};

static bool can_act(const struct history *h, uint16_t v, int64_t at)
{
    const struct topology_proc *p = &h->topology->procs[v - 1];
    return history_up(h, (struct proc_id){v}, SERVICE_NONE, at) &&
           history_up(h, p->ctimanager_node, SERVICE_CTIMANAGER, at) &&
           history_up(h, p->ctimanager_node, SERVICE_CALLMANAGER, at);
}

static bool is_lost(const struct history *h, uint32_t pair, int64_t at)
{
    for (uint16_t v = 1; v <= h->topology->procs_n; v++) {
        const struct topology_proc *p = &h->topology->procs[v - 1];
        if (p->kind == PROC_PG && p->pair == pair && can_act(h, v, at)) {
            return false;
        }
    }
    return true;
}

/* The first return after which the pair can act again. */
static void end_gap(const struct history *h, struct gap *g)
{
    g->until = HISTORY_FOREVER;
    for (uint32_t i = 0; i < h->outages_n; i++) {
        const struct history_outage *o = &h->outages[i];
        if (o->until > g->from && o->until < g->until && !is_lost(h, g->pair, o->until)) {
            g->until = o->until;
            g->by_side = history_kind(h, o->proc) == PROC_PG;
        }
    }
}

/* How many there are; none is said. */
static uint32_t find_gaps(const struct history *h, struct check_result *ret,
                          struct gap gaps[GAPS_MAX])
{
    uint32_t n = 0;
    for (uint32_t i = history_first(h); i < h->outages_n; i++) {
        const struct history_outage *o = &h->outages[i];
        for (uint16_t v = 1; v <= h->topology->procs_n && n < GAPS_MAX; v++) {
            const struct topology_proc *p = &h->topology->procs[v - 1];
            bool first = p->kind == PROC_PG && p->side == SIDE_A;
            bool known = n > 0 && gaps[n - 1].pair == p->pair && o->from < gaps[n - 1].until;
            if (first && o->injected && !known && is_lost(h, p->pair, o->from) &&
                !is_lost(h, p->pair, o->from - 1)) {
                gaps[n] = (struct gap){.pair = p->pair, .from = o->from};
                end_gap(h, &gaps[n++]);
            }
        }
    }
    if (n == 0) {
        check_say(ret, VERDICT_INCONCLUSIVE, "some side could have the control all the time");
    }
    return n;
}

static bool of_pair(const struct history *h, struct proc_id proc, uint32_t pair)
{
    const struct topology_proc *p = topology_proc_of(h->topology, proc);
    return p != NULL && p->kind == PROC_PG && p->pair == pair;
}

void sentence_control_none(const struct history *h, struct check_result *ret)
{
    struct gap gaps[GAPS_MAX];
    uint32_t n = find_gaps(h, ret, gaps);
    uint64_t active = 0, routed = 0;
    int64_t without = 0;
    for (uint32_t g = 0; g < n; g++) {
        for (size_t i = 0; i < h->events_n; i++) {
            const struct event *e = &h->events[i];
            bool within = e->at.us > gaps[g].from && e->at.us < gaps[g].until;
            active += within && e->kind == EVENT_PG_ACTIVE && of_pair(h, e->proc, gaps[g].pair);
            routed += within && e->kind == EVENT_ROUTED && e->value2 == ROUTE_LABEL &&
                      e->at.us > gaps[g].from + NEWS_US;
        }
        without += gaps[g].until == HISTORY_FOREVER ? 0 : gaps[g].until - gaps[g].from;
    }
    if (n > 0) {
        check_say(ret, check_verdict(1, active + routed),
                  "%u times without control, %lld ms; meanwhile a side was active %llu times, and "
                  "%llu calls were routed",
                  n, (long long)(without / MS), (unsigned long long)active,
                  (unsigned long long)routed);
    }
}

/* When a side of the pair is active after the gap; FOREVER: none is. */
static int64_t active_after(const struct history *h, const struct gap *g)
{
    for (size_t i = 0; i < h->events_n; i++) {
        const struct event *e = &h->events[i];
        if (e->kind == EVENT_PG_ACTIVE && e->at.us >= g->until && of_pair(h, e->proc, g->pair)) {
            return e->at.us;
        }
    }
    return HISTORY_FOREVER;
}

void sentence_control_back(const struct history *h, struct check_result *ret)
{
    struct gap gaps[GAPS_MAX];
    uint32_t n = find_gaps(h, ret, gaps);
    uint64_t by_side = 0, by_cti = 0, late = 0;
    int64_t slowest = 0;
    for (uint32_t g = 0; g < n; g++) {
        int64_t active = active_after(h, &gaps[g]);
        if (active == HISTORY_FOREVER ||
            active - gaps[g].until > h->topology->timers.live_bound.us) {
            late++;
            continue;
        }
        by_side += gaps[g].by_side ? 1 : 0;
        by_cti += gaps[g].by_side ? 0 : 1;
        slowest = active - gaps[g].until > slowest ? active - gaps[g].until : slowest;
    }
    if (n > 0) {
        check_say(ret, check_verdict(by_side > 0 && by_cti > 0, late),
                  "control came back %llu times with a PG side and %llu times with a CTI Manager, "
                  "after %lld ms at most; %llu times not in time",
                  (unsigned long long)by_side, (unsigned long long)by_cti,
                  (long long)(slowest / MS), (unsigned long long)late);
    }
}

void sentence_control_routed(const struct history *h, struct check_result *ret)
{
    struct gap gaps[GAPS_MAX];
    uint32_t n = find_gaps(h, ret, gaps), routed = 0;
    for (uint32_t g = 0; g < n; g++) {
        int64_t active = active_after(h, &gaps[g]);
        int64_t until = g + 1 < n ? gaps[g + 1].from : HISTORY_FOREVER;
        bool any = false;
        for (size_t i = 0; i < h->events_n && active != HISTORY_FOREVER; i++) {
            const struct event *e = &h->events[i];
            any = any || (e->kind == EVENT_ROUTED && e->value2 == ROUTE_LABEL &&
                          e->at.us >= active && e->at.us < until);
        }
        routed += any ? 1 : 0;
    }
    if (n > 0) {
        check_say(ret, check_verdict(routed, n - routed),
                  "calls were routed after %u of %u times without control", routed, n);
    }
}
