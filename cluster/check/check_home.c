#include "cluster/check/judges.h"

#include <stdio.h>

#define MS 1000

struct tally {
    uint64_t expected, moved;
    int64_t slowest;
    uint32_t missing; /* a device that did not move in time */
};

/* The outage was over in time, and too short for the device to notice, or it is back already. */
static bool stayed(const struct history *h, struct device_id id, const struct history_outage *o,
                   int64_t at)
{
    return o->until <= at && proc_id_eq(history_home(h, id, at), o->proc);
}

/* Every device of a CallManager that died registers elsewhere within the bound. */
static void follow(const struct history *h, const struct history_outage *o, struct tally *t)
{
    int64_t bound = h->topology->timers.home_bound.us;
    for (uint32_t d = 1; d <= h->devices_n; d++) {
        struct device_id id = {d};
        struct device_info info;
        if (!topology_device(h->topology, id, &info) || info.kind == DEVICE_KIND_ROUTE_POINT ||
            !proc_id_eq(history_home(h, id, o->from), o->proc)) {
            continue;
        }
        int64_t from = o->from;
        if (info.kind == DEVICE_KIND_PHONE) {
            from = history_busy_until(h, id, o->from);
        }
        if (from == HISTORY_FOREVER || from + bound > h->end_us) {
            continue; /* still busy, or the run ended before the bound */
        }
        t->expected++;
        const struct history_move *move = history_rehomed(h, id, o->from);
        if ((move == NULL || move->at > from + bound) && stayed(h, id, o, from + bound)) {
            t->moved++;
            continue;
        }
        if (move == NULL || move->at > from + bound) {
            t->missing = d;
            continue;
        }
        t->moved++;
        int64_t took = move->at > from ? move->at - from : 0;
        t->slowest = took > t->slowest ? took : t->slowest;
    }
}

/* At the end every idle device is at the first living member of its group. */
static void settled(const struct history *h, struct tally *t)
{
    const struct topology_timers *timers = &h->topology->timers;
    /* On their way home devices watch, then travel in small groups. */
    int64_t settle = timers->fallback_watch.us + 2 * timers->home_bound.us;
    int64_t calm = history_calm_since(h);
    for (uint32_t d = 1; d <= h->devices_n && calm + settle <= h->end_us; d++) {
        struct device_id id = {d};
        struct device_info info;
        if (!topology_device(h->topology, id, &info) || info.kind == DEVICE_KIND_ROUTE_POINT ||
            history_busy_until(h, id, h->end_us - timers->home_bound.us) >
                h->end_us - timers->home_bound.us) {
            continue;
        }
        struct proc_id target = history_first_living(h, info.group, h->end_us);
        if (!proc_id_some(target)) {
            continue;
        }
        t->expected++;
        if (proc_id_eq(history_home(h, id, h->end_us), target)) {
            t->moved++;
        } else {
            t->missing = d;
        }
    }
}

void check_home_1(const struct history *h, struct check_result *ret)
{
    struct tally moved = {0}, home = {0};
    const char *from = "nobody";
    for (uint32_t i = 0; i < h->outages_n; i++) {
        const struct history_outage *o = &h->outages[i];
        if (!o->network && history_kind(h, o->proc) == PROC_NODE &&
            o->service != SERVICE_CTIMANAGER) {
            follow(h, o, &moved);
            from = topology_name(h->topology, o->proc);
        }
    }
    settled(h, &home);
    uint64_t bad = moved.expected - moved.moved + (home.expected - home.moved);
    if (bad > 0) {
        check_say(ret, VERDICT_FAIL,
                  "%llu of %llu devices of %s registered elsewhere in time, %llu of %llu were at "
                  "home at the end; for example not device %u",
                  (unsigned long long)moved.moved, (unsigned long long)moved.expected, from,
                  (unsigned long long)home.moved, (unsigned long long)home.expected,
                  moved.missing != 0 ? moved.missing : home.missing);
        return;
    }
    check_say(ret, check_verdict(moved.expected + home.expected, 0),
              "%llu of %llu devices of %s registered elsewhere, the slowest after %lld ms; %llu of "
              "%llu at home at the end",
              (unsigned long long)moved.moved, (unsigned long long)moved.expected, from,
              (long long)(moved.slowest / MS), (unsigned long long)home.moved,
              (unsigned long long)home.expected);
}

/* Why a device may have left: its CallManager was down, disturbed, or without a lease. */
static bool had_reason(const struct history *h, const bool *no_lease, struct proc_id node,
                       int64_t from, int64_t until)
{
    return !history_up(h, node, SERVICE_CALLMANAGER, until) ||
           history_disturbed(h, node, from, until) || no_lease[node.v];
}

void check_home_2(const struct history *h, struct check_result *ret)
{
    bool no_lease[PROCS_MAX + 1] = {false}; /* ever */
    for (size_t i = 0; i < h->events_n; i++) {
        const struct event *e = &h->events[i];
        if (e->kind == EVENT_LEASE_LOST && e->proc.v <= PROCS_MAX) {
            no_lease[e->proc.v] = true;
        }
    }
    uint64_t moves = 0, bad = 0;
    uint32_t device = 0;
    for (uint32_t d = 1; d <= h->devices_n; d++) {
        struct device_info info;
        struct proc_id at = {0};
        int64_t since = 0;
        if (!topology_device(h->topology, (struct device_id){d}, &info)) {
            continue;
        }
        const struct history_span *span = &h->moves_of[d];
        for (uint32_t i = 0; i < span->n; i++) {
            const struct history_move *move = &h->moves[span->first + i];
            if (!proc_id_some(move->node)) {
                continue; /* where it turns up next is what counts */
            }
            bool changed = proc_id_some(at) && !proc_id_eq(at, move->node);
            if (changed) {
                moves++;
                bool home = topology_rank(h->topology, info.group, move->node) <
                            topology_rank(h->topology, info.group, at);
                if (!home && at.v <= PROCS_MAX && !had_reason(h, no_lease, at, since, move->at)) {
                    bad++;
                    device = d;
                }
            }
            at = move->node;
            since = move->at;
        }
    }
    if (bad > 0) {
        check_say(ret, VERDICT_FAIL,
                  "%llu of %llu moves away from a healthy CallManager, for "
                  "example of device %u",
                  (unsigned long long)bad, (unsigned long long)moves, device);
        return;
    }
    check_say(ret, check_verdict(h->moves_of != NULL ? moves : 0, 0),
              "%llu moves, each away from a failed CallManager or home", (unsigned long long)moves);
}
