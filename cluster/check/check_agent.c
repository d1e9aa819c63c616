#include "cluster/check/judges.h"

/* What the router cannot know yet: the way from the phone's loss over registry, CTI and PG. */
#define NEWS_US INT64_C(1500000)
/* A logout follows its cause within this. */
#define CAUSE_US INT64_C(15000000)

/* The phone was lost at `at` and has been for longer than the news takes. Without a majority there
 * is no news: the registry cannot change. And an old request of the phone that arrives late makes
 * the registry believe that it is registered where it is not (docs/protocol.md, rule 8). */
static bool long_lost(const struct history *h, struct device_id device, int64_t at)
{
    if (device.v == 0 || device.v > h->devices_n) {
        return false;
    }
    const struct history_span *span = &h->moves_of[device.v];
    const struct history_move *last = NULL;
    for (uint32_t i = 0; i < span->n && h->moves[span->first + i].at <= at; i++) {
        const struct history_move *move = &h->moves[span->first + i];
        /* Trying again and again is one loss. */
        if (last == NULL || proc_id_some(last->node) || proc_id_some(move->node)) {
            last = move;
        }
    }
    return last != NULL && !proc_id_some(last->node) && at - last->at > NEWS_US &&
           history_majority(h, last->at, at) && !history_astray(h, device, at);
}

/* Since when a logout by this side at `at` may have had its cause. While its pair had no active
 * side nobody could tell an agent anything. */
static int64_t cause_since(const struct history *h, struct proc_id side, int64_t at)
{
    const struct topology_proc *p = topology_proc_of(h->topology, side);
    int64_t since = at;
    /* The last first: a side that gave up before it was active ends one such time and begins
     * another. */
    for (uint32_t i = h->windows_n; i > 0; i--) {
        const struct history_window *w = &h->windows[i - 1];
        bool over = w->until != HISTORY_FOREVER && w->until + NEWS_US < since;
        if (p != NULL && w->pair == p->pair && w->from < since && !over) {
            since = w->from;
        }
    }
    return since - CAUSE_US;
}

/* The registry had taken the phone from its node since the login (`epoch`): a node that was cut off
 * is called down, and its phones learn of it when they hear again. Or it gave the phone to the node
 * that this asked, whose answer never came. */
static bool was_taken(const struct history *h, struct device_id device, uint32_t epoch, int64_t at)
{
    const struct event *e;
    for (uint32_t i = 0; (e = history_owner_change(h, device, i)) != NULL && e->at.us <= at; i++) {
        if (epoch != 0 && e->epoch > epoch) {
            return true;
        }
    }
    return false;
}

/* The CTI Manager of the side knows what the registry of its node knows, and that had not heard of
 * the registration under `epoch`: a follower whose disk stalls applies nothing. */
static bool was_unheard(const struct history *h, struct proc_id side, struct device_id device,
                        uint32_t epoch, int64_t at)
{
    const struct topology_proc *p = topology_proc_of(h->topology, side);
    bool unheard = false;
    const struct event *e;
    for (uint32_t i = 0; (e = history_owner_change(h, device, i)) != NULL && e->at.us <= at; i++) {
        if (p != NULL && proc_id_eq(e->proc, p->ctimanager_node)) {
            unheard = e->epoch < epoch;
        }
    }
    return unheard;
}

/* The phone lost its CallManager, or moved, since then or since the login (`epoch`): a side that
 * takes over late learns late of it. */
static bool was_touched(const struct history *h, struct device_id device, uint32_t epoch,
                        int64_t since, int64_t at)
{
    const struct history_span *span = &h->moves_of[device.v];
    for (uint32_t i = 0; i < span->n; i++) {
        const struct history_move *move = &h->moves[span->first + i];
        bool near = i > 0 && move->at >= since;
        bool later = epoch != 0 && proc_id_some(move->node) && move->epoch > epoch;
        if (move->at <= at + NEWS_US && (near || later)) {
            return true;
        }
    }
    /* A busy phone is lost long before its agent is told; and of a CallManager that is silent the
     * registry knows before its phones do. */
    struct proc_id home = history_home(h, device, at);
    return !proc_id_some(home) || !history_up(h, home, SERVICE_CALLMANAGER, at) ||
           history_disturbed(h, home, since, at);
}

void check_agent_1(const struct history *h, struct check_result *ret)
{
    uint64_t routed = 0, to_nobody = 0, logouts = 0, causeless = 0;
    for (size_t i = 0; i < h->events_n; i++) {
        const struct event *e = &h->events[i];
        if (e->kind == EVENT_ROUTED && e->value2 == ROUTE_LABEL) {
            routed++;
            to_nobody += long_lost(h, e->device, e->at.us) ? 1 : 0;
        }
        if (e->kind == EVENT_AGENT_LOGOUT && e->value2 == LOGOUT_PHONE_LOST) {
            struct agent_info info;
            struct agent_id id = {(uint32_t)e->value};
            logouts++;
            if (topology_agent_by_id(h->topology, id, &info) && info.device.v >= 1 &&
                info.device.v <= h->devices_n) {
                int64_t since = cause_since(h, e->proc, e->at.us);
                bool caused = was_touched(h, info.device, e->epoch, since, e->at.us) ||
                              was_taken(h, info.device, e->epoch, e->at.us) ||
                              was_unheard(h, e->proc, info.device, e->epoch, e->at.us);
                causeless += caused ? 0 : 1;
            }
        }
    }
    if (to_nobody + causeless > 0) {
        check_say(ret, VERDICT_FAIL,
                  "%llu of %llu calls went to an agent without a phone, %llu of %llu logouts had "
                  "no cause",
                  (unsigned long long)to_nobody, (unsigned long long)routed,
                  (unsigned long long)causeless, (unsigned long long)logouts);
        return;
    }
    check_say(ret, check_verdict(routed, 0),
              "%llu calls routed, all to agents with a phone; %llu logouts with 50003, all with a "
              "cause",
              (unsigned long long)routed, (unsigned long long)logouts);
}
