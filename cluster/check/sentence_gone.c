#include "cluster/check/sentence_gone.h"

#include "cluster/check/sentence.h"
#include "cluster/check/sentence_icm.h"

#include <string.h>

#define MS 1000
/* What a side that is told to stop has begun; how long a caller's leg may take to begin and end. */
#define NEWS_US INT64_C(500000)

/* The time without a controller that serves. */
struct gap {
    int64_t from, until;
};

static bool is_icm(const struct history *h, struct proc_id proc)
{
    return history_kind(h, proc) == PROC_ICM;
}

static bool serves(const struct event *e)
{
    return e->value == MDS_STATE_ISOLATED_ENABLED || e->value == MDS_STATE_PAIRED_ENABLED;
}

/* From the fault that took the last side to the first one that serves again. false: some side
 * lived, or none came back, and that is said. */
static bool find(const struct history *h, struct check_result *ret, struct gap *ret_gap)
{
    if (sentence_fault(h, ret) == NULL) {
        return false;
    }
    *ret_gap = (struct gap){sentence_made(h), HISTORY_FOREVER};
    for (uint16_t v = 1; v <= h->topology->procs_n; v++) {
        if (is_icm(h, (struct proc_id){v}) &&
            history_up(h, (struct proc_id){v}, SERVICE_NONE, ret_gap->from)) {
            check_say(ret, VERDICT_INCONCLUSIVE, "%s lived", h->topology->procs[v - 1].name);
            return false;
        }
    }
    for (size_t i = 0; i < h->events_n && ret_gap->until == HISTORY_FOREVER; i++) {
        const struct event *e = &h->events[i];
        bool again = e->kind == EVENT_MDS_STATE && e->at.us > ret_gap->from + NEWS_US;
        ret_gap->until = again && serves(e) ? e->at.us : HISTORY_FOREVER;
    }
    if (ret_gap->until == HISTORY_FOREVER) {
        check_say(ret, VERDICT_FAIL, "no side of the controller served again");
    }
    return ret_gap->until != HISTORY_FOREVER;
}

static bool within(const struct gap *g, int64_t at)
{
    return at > g->from && at < g->until;
}

void sentence_gone_none_routed(const struct history *h, struct check_result *ret)
{
    struct gap g;
    uint64_t asked = 0, routed = 0;
    if (!find(h, ret, &g)) {
        return;
    }
    for (size_t i = 0; i < h->events_n; i++) {
        const struct event *e = &h->events[i];
        asked += e->kind == EVENT_ROUTE_REQUESTED && within(&g, e->at.us) ? 1 : 0;
        bool news = e->at.us > g.from + NEWS_US; /* not what was on its way */
        routed += e->kind == EVENT_ROUTED && news && within(&g, e->at.us) ? 1 : 0;
    }
    check_say(ret, check_verdict(asked, routed),
              "%lld ms without a controller; %llu calls came to a dialled number, %llu were routed",
              (long long)((g.until - g.from) / MS), (unsigned long long)asked,
              (unsigned long long)routed);
}

static bool is_dialled(const struct history *h, const struct history_leg *leg)
{
    for (uint32_t i = 0; i < h->topology->dialled_n; i++) {
        if (strcmp(h->topology->dialled[i].number, leg->to) == 0) {
            return true;
        }
    }
    return false;
}

/* A caller whom nobody had answered when the leg ended. */
static bool waited(const struct history *h, const struct history_leg *leg, const struct gap *g)
{
    struct device_info info;
    return topology_device(h->topology, leg->device, &info) && info.kind == DEVICE_KIND_GATEWAY &&
           !leg->incoming && leg->answer_us == 0 && is_dialled(h, leg) && within(g, leg->end_us);
}

void sentence_gone_wait(const struct history *h, struct check_result *ret)
{
    struct gap g;
    uint64_t gave_up = 0, in_time = 0, early = 0;
    int64_t due = h->topology->timers.route_timeout.us;
    if (!find(h, ret, &g)) {
        return;
    }
    for (size_t i = 0; i < h->legs_n; i++) {
        const struct history_leg *leg = &h->legs[i];
        if (!waited(h, leg, &g)) {
            continue;
        }
        bool by_himself = leg->reason == REASON_HUNG_UP || leg->reason == REASON_ABANDONED;
        bool timed_out =
            leg->reason == REASON_NO_CONTROLLER && leg->end_us - leg->begin_us >= due - NEWS_US;
        gave_up += by_himself ? 1 : 0;
        in_time += timed_out ? 1 : 0;
        early += by_himself || timed_out ? 0 : 1;
    }
    check_say(
        ret, check_verdict(gave_up + in_time, early),
        "%llu callers gave up, %llu were told after %lld ms that there is no controller, %llu "
        "were turned away before",
        (unsigned long long)gave_up, (unsigned long long)in_time, (long long)(due / MS),
        (unsigned long long)early);
}

void sentence_gone_outbox(const struct history *h, struct check_result *ret)
{
    struct gap g;
    uint64_t delivered = 0, missing = 0;
    if (!find(h, ret, &g)) {
        return;
    }
    for (size_t i = 0; i < h->events_n; i++) {
        const struct event *e = &h->events[i];
        if (e->kind == EVENT_TCD_WRITTEN && within(&g, e->at.us)) {
            bool stored = sentence_icm_stored(h, e->value);
            delivered += stored ? 1 : 0;
            missing += stored ? 0 : 1;
        }
    }
    check_say(ret, check_verdict(delivered, missing),
              "%llu of %llu records that were written meanwhile are stored",
              (unsigned long long)delivered, (unsigned long long)(delivered + missing));
}

void sentence_gone_pair(const struct history *h, struct check_result *ret)
{
    struct gap g;
    uint64_t sides = 0, orders = 0, paired = 0, complete = 0;
    if (!find(h, ret, &g)) {
        return;
    }
    for (uint16_t v = 1; v <= h->topology->procs_n; v++) {
        int64_t state = -1;
        bool recovered = false;
        for (size_t i = 0; i < h->events_n; i++) {
            const struct event *e = &h->events[i];
            if (e->proc.v == v && e->kind == EVENT_MDS_STATE) {
                state = e->value;
                recovered = false;
            }
            recovered = recovered || (e->proc.v == v && e->kind == EVENT_RECOVERED);
        }
        sides += is_icm(h, (struct proc_id){v}) ? 1 : 0;
        orders += state == MDS_STATE_PAIRED_ENABLED ? 1 : 0;
        paired += state == MDS_STATE_PAIRED_ENABLED || state == MDS_STATE_PAIRED_DISABLED ? 1 : 0;
        complete += recovered ? 1 : 0;
    }
    bool good = orders == 1 && paired == sides && complete == sides;
    check_say(ret, good ? VERDICT_PASS : VERDICT_FAIL,
              "%llu of %llu sides are paired, %llu of them order, %llu loggers asked the other one",
              (unsigned long long)paired, (unsigned long long)sides, (unsigned long long)orders,
              (unsigned long long)complete);
}

void sentence_gone_routed(const struct history *h, struct check_result *ret)
{
    struct gap g;
    uint64_t answered = 0, over = 0, late = 0;
    int64_t longest = 0, bound = h->topology->timers.live_bound.us;
    if (!find(h, ret, &g)) {
        return;
    }
    for (size_t i = 0; i < h->events_n; i++) {
        const struct event *e = &h->events[i];
        if (e->kind != EVENT_ROUTE_REQUESTED || !within(&g, e->at.us)) {
            continue;
        }
        int64_t at = sentence_icm_answered(h, i, g.until + bound - e->at.us);
        over += at >= 0 && at < g.until ? 1 : 0;
        answered += at >= g.until ? 1 : 0;
        late += at < 0 ? 1 : 0;
        longest = at - g.until > longest ? at - g.until : longest;
    }
    check_say(ret, check_verdict(answered, late),
              "%llu callers still waited and were answered, the last one %lld ms after a side "
              "served; %llu had gone, %llu were not answered in time",
              (unsigned long long)answered, (long long)(longest / MS), (unsigned long long)over,
              (unsigned long long)late);
}
