#include "cluster/check/judges.h"

/* What is not well at one moment. */
struct health {
    uint64_t homeless, unheld, sideless;
    bool leader;
};

static bool is_well(const struct health *w)
{
    return w->homeless == 0 && w->unheld == 0 && w->sideless == 0 && w->leader;
}

static bool leader_at(const struct history *h, int64_t at)
{
    struct proc_id leader = {0};
    for (size_t i = 0; i < h->events_n && h->events[i].at.us <= at; i++) {
        const struct event *e = &h->events[i];
        if (e->kind == EVENT_RAFT_STATE && e->value == RAFT_STATE_LEADER) {
            leader = e->proc;
        } else if (e->kind == EVENT_RAFT_STATE && proc_id_eq(e->proc, leader)) {
            leader = (struct proc_id){0};
        }
    }
    return proc_id_some(leader) && history_up(h, leader, SERVICE_NONE, at);
}

/* Phones and gateways that nobody serves although they have been idle for a while. */
static uint64_t homeless_at(const struct history *h, int64_t at)
{
    int64_t idle_since = at - h->topology->timers.home_bound.us;
    uint64_t n = 0;
    for (uint32_t d = 1; d <= h->devices_n; d++) {
        struct device_info info;
        struct device_id id = {d};
        if (!topology_device(h->topology, id, &info) || info.kind == DEVICE_KIND_ROUTE_POINT ||
            history_busy_until(h, id, idle_since) > idle_since) {
            continue;
        }
        struct proc_id home = history_home(h, id, at);
        n += proc_id_some(home) && history_up(h, home, SERVICE_CALLMANAGER, at) ? 0 : 1;
    }
    return n;
}

/* Dialled numbers that no living CallManager holds, by the last word of the registry. */
static uint64_t unheld_at(const struct history *h, int64_t at)
{
    uint64_t n = 0;
    for (uint32_t i = 0; i < h->topology->dialled_n; i++) {
        struct device_id point = topology_route_point(h->topology, i);
        struct proc_id owner = {0};
        for (size_t k = 0; k < h->events_n && h->events[k].at.us <= at; k++) {
            const struct event *e = &h->events[k];
            if (e->kind == EVENT_OWNER_CHANGED && device_id_eq(e->device, point)) {
                owner = e->peer;
            }
        }
        n += proc_id_some(owner) && history_up(h, owner, SERVICE_CALLMANAGER, at) ? 0 : 1;
    }
    return n;
}

static uint64_t sideless_at(const struct history *h, int64_t at)
{
    uint64_t n = 0;
    for (uint32_t i = 0; i < h->windows_n; i++) {
        n += h->windows[i].from <= at && at < h->windows[i].until ? 1 : 0;
    }
    return n;
}

static struct health look_at(const struct history *h, int64_t at)
{
    return (struct health){.homeless = homeless_at(h, at),
                           .unheld = unheld_at(h, at),
                           .sideless = sideless_at(h, at),
                           .leader = leader_at(h, at)};
}

static void say(struct check_result *ret, const struct health *w, const char *when)
{
    check_say(ret, VERDICT_FAIL,
              "%s %llu idle devices are not served, %llu dialled numbers not held, %llu PG pairs "
              "have no active side, and there is %s leader",
              when, (unsigned long long)w->homeless, (unsigned long long)w->unheld,
              (unsigned long long)w->sideless, w->leader ? "a" : "no");
}

/* When the last thing that was not well after `calm` became so; what is not known is well. */
static int64_t well_since(const struct history *h, int64_t calm)
{
    int64_t since = calm;
    for (uint32_t d = 1; d <= h->devices_n; d++) {
        struct device_id id = {d};
        const struct history_move *move = history_rehomed(h, id, calm);
        if (!proc_id_some(history_home(h, id, calm)) && move != NULL &&
            history_busy_until(h, id, calm) == calm && move->at > since) {
            since = move->at;
        }
    }
    for (uint32_t i = 0; i < h->windows_n; i++) {
        int64_t until = h->windows[i].until;
        since = until != HISTORY_FOREVER && until > since ? until : since;
    }
    return since;
}

/* Once the bound is over, and from then on, which is: at the end of the run, too. */
void check_live_1(const struct history *h, struct check_result *ret)
{
    int64_t bound = h->topology->timers.live_bound.us;
    int64_t calm = history_calm_since(h);
    if (history_fault(h) == NULL) {
        check_say(ret, VERDICT_INCONCLUSIVE, "there was no fault");
        return;
    }
    struct health end = look_at(h, h->end_us);
    if (h->end_us < calm + bound && !is_well(&end)) {
        check_say(ret, VERDICT_INCONCLUSIVE,
                  "the run ended %lld ms after the last fault, before the bound of %lld ms",
                  (long long)((h->end_us - calm) / 1000), (long long)(bound / 1000));
        return;
    }
    struct health then = h->end_us < calm + bound ? end : look_at(h, calm + bound);
    if (!is_well(&then)) {
        say(ret, &then, "when the bound was over");
    } else if (!is_well(&end)) {
        say(ret, &end, "at the end");
    } else {
        check_say(ret, VERDICT_PASS,
                  "healthy %lld ms after the last fault was over, and at the end of the run",
                  (long long)((well_since(h, calm) - calm) / 1000));
    }
}
