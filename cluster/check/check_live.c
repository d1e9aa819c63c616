#include "cluster/check/judges.h"

#include "cluster/check/timings.h"

static bool leader_at_end(const struct history *h)
{
    struct proc_id leader = {0};
    for (size_t i = 0; i < h->events_n; i++) {
        const struct event *e = &h->events[i];
        if (e->kind == EVENT_RAFT_STATE && e->value == RAFT_STATE_LEADER) {
            leader = e->proc;
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

void check_live_1(const struct history *h, struct check_result *ret)
{
    struct timings t;
    int64_t bound = h->topology->timers.live_bound.us;
    if (timings_find(h, &t) != ERR_OK) {
        check_say(ret, VERDICT_INCONCLUSIVE, "out of memory");
        return;
    }
    if (t.fault_at == TIMINGS_NONE) {
        check_say(ret, VERDICT_INCONCLUSIVE, "there was no fault");
        return;
    }
    uint64_t without = homeless(h);
    bool leader = leader_at_end(h);
    int64_t calm = history_calm_since(h);
    if (h->end_us < calm + bound && (without > 0 || !leader || t.steady == TIMINGS_NONE)) {
        check_say(ret, VERDICT_INCONCLUSIVE,
                  "the run ended %lld ms after the last fault, before the bound of %lld ms",
                  (long long)((h->end_us - calm) / 1000), (long long)(bound / 1000));
        return;
    }
    if (without > 0 || !leader || t.steady == TIMINGS_NONE || t.steady > bound) {
        check_say(ret, VERDICT_FAIL, "%llu idle devices unserved, %s, %s within %lld ms",
                  (unsigned long long)without, leader ? "a leader" : "no leader",
                  t.steady == TIMINGS_NONE ? "never steady" : "not steady",
                  (long long)(bound / 1000));
        return;
    }
    check_say(ret, VERDICT_PASS, "steady %lld ms after the fault, everything served at the end",
              (long long)(t.steady / 1000));
}
