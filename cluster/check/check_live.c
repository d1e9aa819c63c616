#include "cluster/check/judges.h"

/* One of an older term may hear of its votes late, when another one leads already. */
static bool leader_at_end(const struct history *h)
{
    struct proc_id leader = {0};
    int64_t term = 0;
    for (size_t i = 0; i < h->events_n; i++) {
        const struct event *e = &h->events[i];
        if (e->kind == EVENT_RAFT_STATE && e->value == RAFT_STATE_LEADER && e->value2 >= term) {
            leader = e->proc;
            term = e->value2;
        } else if (e->kind == EVENT_RAFT_STATE && proc_id_eq(e->proc, leader)) {
            leader = (struct proc_id){0};
        }
    }
    return proc_id_some(leader) && history_up(h, leader, SERVICE_NONE, h->end_us);
}

/* Devices that nobody serves although they are idle. */
static uint64_t homeless(const struct history *h)
{
    uint64_t n = 0;
    for (uint32_t d = 1; d <= h->devices_n; d++) {
        struct device_info info;
        struct device_id id = {d};
        if (topology_device(h->topology, id, &info) && info.kind != DEVICE_KIND_ROUTE_POINT &&
            !proc_id_some(history_home(h, id, h->end_us)) &&
            history_busy_until(h, id, h->end_us - h->topology->timers.home_bound.us) <=
                h->end_us - h->topology->timers.home_bound.us) {
            n++;
        }
    }
    return n;
}

/* Whether the owner of a dialled number is there at the end. */
static bool held(const struct history *h, struct device_id point)
{
    struct proc_id owner = history_owner(h, point, h->end_us);
    return proc_id_some(owner) && history_up(h, owner, SERVICE_CALLMANAGER, h->end_us);
}

/* Dialled numbers that nobody holds although somebody could. */
static uint32_t unheld(const struct history *h)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < h->topology->dialled_n; i++) {
        struct device_id point = topology_route_point(h->topology, i);
        struct device_info info;
        if (topology_device(h->topology, point, &info) &&
            proc_id_some(history_first_living(h, info.group, h->end_us)) && !held(h, point)) {
            n++;
        }
    }
    return n;
}

/* How long after `calm` the device had a CallManager again, for good; a busy one has until it hangs
 * up. 0: it had one. */
static int64_t device_late(const struct history *h, struct device_id id, int64_t calm)
{
    const struct history_span *span = &h->moves_of[id.v];
    int64_t served = calm;
    for (uint32_t i = 1; i < span->n; i++) {
        const struct history_move *before = &h->moves[span->first + i - 1];
        const struct history_move *move = &h->moves[span->first + i];
        if (!proc_id_some(before->node) && proc_id_some(move->node) && move->at > served) {
            served = move->at;
        }
    }
    int64_t free = history_busy_until(h, id, calm);
    return served > free ? served - free : 0;
}

/* The last thing that was not well after `calm`, as a time after it. */
static int64_t steady_after(const struct history *h, int64_t calm)
{
    int64_t steady = 0;
    for (uint32_t d = 1; d <= h->devices_n; d++) {
        int64_t late = device_late(h, (struct device_id){d}, calm);
        steady = late > steady ? late : steady;
    }
    for (size_t i = 0; i < h->events_n; i++) {
        const struct event *e = &h->events[i];
        if (e->kind == EVENT_RAFT_SERVING && e->at.us - calm > steady) {
            steady = e->at.us - calm;
        }
    }
    for (uint32_t i = 0; i < h->windows_n; i++) {
        const struct history_window *w = &h->windows[i];
        if (w->until != HISTORY_FOREVER && w->until - calm > steady) {
            steady = w->until - calm;
        }
    }
    return steady;
}

/* Pairs without an active side. */
static uint32_t passive_pairs(const struct history *h)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < h->windows_n; i++) {
        n += h->windows[i].until == HISTORY_FOREVER ? 1 : 0;
    }
    return n;
}

void check_live_1(const struct history *h, struct check_result *ret)
{
    int64_t bound = h->topology->timers.live_bound.us;
    if (history_fault(h) == NULL) {
        check_say(ret, VERDICT_INCONCLUSIVE, "there was no fault");
        return;
    }
    uint64_t without = homeless(h);
    bool leader = leader_at_end(h);
    uint32_t passive = passive_pairs(h);
    uint32_t silent = unheld(h);
    int64_t calm = history_calm_since(h);
    int64_t steady = steady_after(h, calm);
    bool well = without == 0 && leader && passive == 0 && silent == 0;
    if (!well && h->end_us < calm + bound) {
        check_say(ret, VERDICT_INCONCLUSIVE,
                  "the run ended %lld ms after the last fault, before the bound of %lld ms",
                  (long long)((h->end_us - calm) / 1000), (long long)(bound / 1000));
        return;
    }
    if (!well || steady > bound) {
        check_say(
            ret, VERDICT_FAIL,
            "%llu idle devices unserved, %u dialled numbers unheld, %s, %u PG pairs without "
            "an active side; the last change %lld ms after the last fault, the bound is %lld ms",
            (unsigned long long)without, silent, leader ? "a leader" : "no leader", passive,
            (long long)(steady / 1000), (long long)(bound / 1000));
        return;
    }
    check_say(ret, VERDICT_PASS,
              "steady %lld ms after the last fault, everything served at the end",
              (long long)(steady / 1000));
}
