#include "cluster/check/sentence_rolling.h"

#include "cluster/check/sentence.h"

#define MS 1000

static bool is_restart(const struct history_outage *o)
{
    return o->injected && !o->network && o->service == SERVICE_NONE;
}

static bool restarted(const struct history *h, struct proc_id proc)
{
    for (uint32_t i = history_first(h); i < h->outages_n; i++) {
        const struct history_outage *o = &h->outages[i];
        if (is_restart(o) && proc_id_eq(o->proc, proc) && o->until != HISTORY_FOREVER) {
            return true;
        }
    }
    return false;
}

void sentence_rolling_all(const struct history *h, struct check_result *ret)
{
    uint64_t due = 0, done = 0, together = 0;
    if (sentence_fault(h, ret) == NULL) {
        return;
    }
    for (uint16_t v = 1; v <= h->topology->procs_n; v++) {
        enum proc_kind kind = h->topology->procs[v - 1].kind;
        if (kind == PROC_NODE || kind == PROC_PG || kind == PROC_ICM) {
            due++;
            done += restarted(h, (struct proc_id){v}) ? 1 : 0;
        }
    }
    for (uint32_t i = history_first(h); i < h->outages_n; i++) {
        for (uint32_t k = history_first(h); k < h->outages_n && is_restart(&h->outages[i]); k++) {
            const struct history_outage *a = &h->outages[i], *b = &h->outages[k];
            together += is_restart(b) && a->from < b->from && b->from < a->until;
        }
    }
    check_say(ret, check_verdict(done, due - done + together),
              "%llu of %llu processes started anew, %llu times two at once",
              (unsigned long long)done, (unsigned long long)due, (unsigned long long)together);
}

/* When the next restart begins. */
static int64_t next_restart(const struct history *h, int64_t at)
{
    int64_t next = HISTORY_FOREVER;
    for (uint32_t i = history_first(h); i < h->outages_n; i++) {
        const struct history_outage *o = &h->outages[i];
        next = is_restart(o) && o->from > at && o->from < next ? o->from : next;
    }
    return next;
}

void sentence_rolling_routed(const struct history *h, struct check_result *ret)
{
    uint64_t with = 0, without = 0;
    for (uint32_t i = history_first(h); i < h->outages_n; i++) {
        const struct history_outage *o = &h->outages[i];
        if (!is_restart(o)) {
            continue;
        }
        int64_t until = next_restart(h, o->from);
        bool any = false;
        for (size_t k = 0; k < h->events_n && !any; k++) {
            const struct event *e = &h->events[k];
            any = e->kind == EVENT_ROUTED && e->value2 == ROUTE_LABEL && e->at.us >= o->until &&
                  e->at.us < until;
        }
        with += any ? 1 : 0;
        without += any ? 0 : 1;
    }
    check_say(ret, check_verdict(with, without), "calls were routed after %llu of %llu restarts",
              (unsigned long long)with, (unsigned long long)(with + without));
}

void sentence_rolling_control(const struct history *h, struct check_result *ret)
{
    int64_t longest = 0, bound = h->topology->timers.live_bound.us;
    uint64_t closed = 0, late = 0;
    const struct history_outage *fault = sentence_fault(h, ret);
    if (fault == NULL) {
        return;
    }
    for (uint32_t i = 0; i < h->windows_n; i++) {
        const struct history_window *w = &h->windows[i];
        if (w->injected && w->from >= fault->from) {
            int64_t took = w->until == HISTORY_FOREVER ? bound + 1 : w->until - w->from;
            longest = took > longest ? took : longest;
            closed += took <= bound ? 1 : 0;
            late += took > bound ? 1 : 0;
        }
    }
    check_say(ret, check_verdict(closed, late),
              "%llu times without an active side, the longest %lld ms; %llu times longer than the "
              "bound",
              (unsigned long long)(closed + late), (long long)(longest / MS),
              (unsigned long long)late);
}
