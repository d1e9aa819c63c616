#include "cluster/check/timings.h"

#include <stdlib.h>
#include <string.h>

static int64_t since(const struct timings *t, int64_t at)
{
    return at - t->fault_at;
}

static void first(int64_t *slot, int64_t value)
{
    if (*slot == TIMINGS_NONE) {
        *slot = value;
    }
}

static bool notices(const struct event *e, const struct history_outage *fault)
{
    switch ((int)e->kind) {
    case EVENT_LINK_DOWN:
    case EVENT_PROVIDER_DOWN:
    case EVENT_NODE_DOWN:
    case EVENT_DEVICE_LOST:
        return !proc_id_some(e->peer) || proc_id_eq(e->peer, fault->proc);
    case EVENT_RAFT_STATE:
        return e->value == RAFT_STATE_CANDIDATE;
    case EVENT_LEASE_LOST:
        return true;
    default:
        return false;
    }
}

/* A place for the pair of a PG side: the first process of the pair. */
static uint32_t first_of_pair(const struct history *h, struct proc_id side)
{
    const struct topology_proc *p = topology_proc_of(h->topology, side);
    for (uint16_t v = 1; p != NULL && v <= h->topology->procs_n; v++) {
        if (h->topology->procs[v - 1].kind == PROC_PG &&
            h->topology->procs[v - 1].pair == p->pair) {
            return v;
        }
    }
    return 0;
}

static void from_events(const struct history *h, const struct history_outage *fault,
                        struct timings *t)
{
    struct proc_id leader = {0}, active[PROCS_MAX + 1] = {{0}};
    for (size_t i = 0; i < h->events_n; i++) {
        const struct event *e = &h->events[i];
        bool after = e->at.us >= fault->from;
        if (e->kind == EVENT_RAFT_STATE && e->value == RAFT_STATE_LEADER) {
            if (after && !proc_id_eq(leader, e->proc)) {
                first(&t->elect, since(t, e->at.us));
            }
            leader = e->proc;
        } else if (e->kind == EVENT_PG_ACTIVE) {
            struct proc_id *side = &active[first_of_pair(h, e->proc)];
            if (after && proc_id_some(*side) && !proc_id_eq(*side, e->proc)) {
                first(&t->pg_active, since(t, e->at.us));
            }
            *side = e->proc;
        } else if (e->kind == EVENT_ROUTED && e->value2 == ROUTE_LABEL && after &&
                   t->pg_active != TIMINGS_NONE) {
            first(&t->routed, since(t, e->at.us));
        } else if (after && !proc_id_eq(e->proc, fault->proc) && notices(e, fault)) {
            first(&t->detect, since(t, e->at.us));
        }
    }
}

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static bool takes_callmanager(const struct history *h, const struct history_outage *o)
{
    return !o->network && history_kind(h, o->proc) == PROC_NODE && o->service != SERVICE_CTIMANAGER;
}

static void from_device(const struct history *h, const struct history_outage *fault,
                        struct device_id id, struct timings *t, int64_t *times)
{
    struct device_info info;
    if (!topology_device(h->topology, id, &info) || info.kind == DEVICE_KIND_ROUTE_POINT ||
        !proc_id_eq(history_home(h, id, fault->from), fault->proc)) {
        return;
    }
    const struct history_move *move = history_rehomed(h, id, fault->from);
    int64_t busy = history_busy_until(h, id, fault->from);
    bool stayed = false;
    const struct history_span *span = &h->moves_of[id.v];
    for (uint32_t i = 0; i < span->n; i++) {
        const struct history_move *m = &h->moves[span->first + i];
        stayed = stayed || (m->at >= fault->from && m->in_call && m->at < fault->from + 10000000);
    }
    if (info.kind == DEVICE_KIND_PHONE && stayed) {
        t->kept_in_call++;
        t->lost += move == NULL && busy < h->end_us - h->topology->timers.home_bound.us ? 1 : 0;
        return;
    }
    t->idle++;
    if (move != NULL) {
        times[t->moved++] = since(t, move->at);
    } else if (fault->until == HISTORY_FOREVER || !proc_id_some(history_home(h, id, h->end_us))) {
        t->lost++; /* else: the fault was over before the device noticed */
    }
}

static enum err from_devices(const struct history *h, const struct history_outage *fault,
                             struct timings *t)
{
    int64_t *times = calloc(h->devices_n + 1, sizeof times[0]);
    if (times == NULL) {
        return ERR_MEMORY;
    }
    for (uint32_t d = 1; d <= h->devices_n; d++) {
        from_device(h, fault, (struct device_id){d}, t, times);
    }
    if (t->moved > 0) {
        qsort(times, t->moved, sizeof times[0], by_value);
        t->first_rehome = times[0];
        t->p50 = times[(t->moved - 1) * 50 / 100];
        t->p99 = times[(t->moved - 1) * 99 / 100];
        t->last_rehome = times[t->moved - 1];
    }
    free(times);
    return ERR_OK;
}

static void from_legs(const struct history *h, struct timings *t)
{
    for (size_t i = 0; i < h->legs_n; i++) {
        const struct history_leg *leg = &h->legs[i];
        if (!leg->open && leg->end_us < h->rehearsed_us) {
            continue;
        }
        t->preserved += leg->preserved ? 1 : 0;
        t->dropped_in_setup += leg->reason == REASON_DROPPED_IN_SETUP ? 1 : 0;
        if (leg->answer_us != 0 && leg->reason != REASON_MEDIA_LOST && leg->gap_us > t->gap_max) {
            t->gap_max = leg->gap_us;
        }
    }
}

static void later(int64_t *slot, int64_t value)
{
    if (value > *slot) {
        *slot = value;
    }
}

/* When the last device that lost its CallManager while idle, after the fault, had one again;
 * HISTORY_FOREVER: one never had. */
static int64_t served_again(const struct history *h, int64_t fault_at)
{
    int64_t last = fault_at;
    for (uint32_t d = 1; d <= h->devices_n; d++) {
        const struct history_span *span = &h->moves_of[d];
        for (uint32_t i = 0; i < span->n; i++) {
            const struct history_move *lost = &h->moves[span->first + i];
            int64_t back = i + 1 < span->n ? lost[1].at : HISTORY_FOREVER;
            if (!proc_id_some(lost->node) && lost->at >= fault_at && back > last &&
                history_busy_until(h, (struct device_id){d}, lost->at) <= lost->at) {
                last = back;
            }
        }
    }
    return last == HISTORY_FOREVER ? last : last - fault_at;
}

/* When the last leader began to serve, after the fault, because the one before it had failed; one
 * that hands over was well. HISTORY_FOREVER: the last one is gone. */
static int64_t led_again(const struct history *h, int64_t fault_at)
{
    struct proc_id leader = {0};
    int64_t led = 0;
    for (size_t i = 0; i < h->events_n; i++) {
        const struct event *e = &h->events[i];
        if (e->kind != EVENT_RAFT_SERVING) {
            continue;
        }
        bool failed = proc_id_some(leader) && !history_sound(h, leader, e->at.us, e->at.us);
        if (failed && e->at.us >= fault_at) {
            led = e->at.us - fault_at;
        }
        leader = e->proc;
    }
    bool gone = proc_id_some(leader) && !history_up(h, leader, SERVICE_NONE, h->end_us);
    return gone ? HISTORY_FOREVER : led;
}

enum err timings_find(const struct history *h, struct timings *ret_timings)
{
    struct timings *t = ret_timings;
    *t = (struct timings){.fault_at = TIMINGS_NONE,
                          .detect = TIMINGS_NONE,
                          .elect = TIMINGS_NONE,
                          .first_rehome = TIMINGS_NONE,
                          .p50 = TIMINGS_NONE,
                          .p99 = TIMINGS_NONE,
                          .last_rehome = TIMINGS_NONE,
                          .pg_active = TIMINGS_NONE,
                          .routed = TIMINGS_NONE,
                          .steady = TIMINGS_NONE};
    from_legs(h, t);
    const struct history_outage *fault = history_fault(h);
    if (fault == NULL) {
        return ERR_OK;
    }
    t->fault_at = fault->from;
    from_events(h, fault, t);
    if (takes_callmanager(h, fault)) {
        enum err err = from_devices(h, fault, t);
        if (err != ERR_OK) {
            return err;
        }
    }
    /* Healthy again, whatever else broke: all idle devices served, a leader, an active PG side. */
    int64_t steady = served_again(h, fault->from);
    later(&steady, led_again(h, fault->from));
    later(&steady, t->detect);
    later(&steady, t->elect);
    later(&steady, t->last_rehome);
    later(&steady, t->pg_active);
    bool pg_open = false;
    for (uint32_t i = 0; i < h->windows_n; i++) {
        pg_open = pg_open || h->windows[i].until == HISTORY_FOREVER;
        if (h->windows[i].injected && h->windows[i].until != HISTORY_FOREVER) {
            later(&steady, since(t, h->windows[i].until));
        }
    }
    bool never = pg_open || t->lost > 0 || steady == HISTORY_FOREVER;
    t->steady = never ? TIMINGS_NONE : steady;
    return ERR_OK;
}
