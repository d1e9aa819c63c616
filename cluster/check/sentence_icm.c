#include "cluster/check/sentence_icm.h"

#include "cluster/check/judges.h"
#include "cluster/check/sentence.h"

#define MS            1000
#define TAKE_OVER_US  INT64_C(500000)  /* besides the time to miss a partner */
#define ASK_AGAIN_US  INT64_C(1000000) /* over the other path, besides that */
#define CALL_BEGIN_US INT64_C(3000000) /* what was asked so long before may still wait */

/* The first fault of a side of a pair; none: NULL, and that is said. */
static const struct history_outage *lost_side(const struct history *h, struct check_result *ret,
                                              struct proc_id *ret_other)
{
    const struct history_outage *fault = NULL;
    *ret_other = (struct proc_id){0};
    for (uint32_t i = history_first(h); i < h->outages_n && fault == NULL; i++) {
        const struct history_outage *o = &h->outages[i];
        fault = o->injected && history_kind(h, o->proc) == PROC_ICM ? o : NULL;
    }
    for (uint16_t v = 1; fault != NULL && v <= h->topology->procs_n; v++) {
        if (h->topology->procs[v - 1].kind == PROC_ICM && v != fault->proc.v) {
            ret_other->v = v;
        }
    }
    if (!proc_id_some(*ret_other)) {
        check_say(ret, VERDICT_INCONCLUSIVE, "no side of a duplexed controller failed");
        return NULL;
    }
    return fault;
}

static int64_t missed_us(const struct history *h)
{
    const struct topology_timers *t = &h->topology->timers;
    return t->private_heartbeat.us * (int64_t)t->private_misses;
}

void sentence_icm_alone(const struct history *h, struct check_result *ret)
{
    struct proc_id other;
    const struct history_outage *fault = lost_side(h, ret, &other);
    int64_t took = -1, bound = missed_us(h) + TAKE_OVER_US;
    for (size_t i = 0; fault != NULL && i < h->events_n && took < 0; i++) {
        const struct event *e = &h->events[i];
        if (e->kind == EVENT_MDS_STATE && proc_id_eq(e->proc, other) && e->at.us >= fault->from &&
            e->value == MDS_STATE_ISOLATED_ENABLED) {
            took = e->at.us - fault->from;
        }
    }
    if (fault != NULL && took < 0) {
        check_say(ret, VERDICT_FAIL, "%s never served alone", topology_name(h->topology, other));
    } else if (fault != NULL) {
        check_say(ret, check_verdict(1, took > bound ? 1 : 0),
                  "%s serves alone %lld ms after the failure (bound %lld ms)",
                  topology_name(h->topology, other), (long long)(took / MS),
                  (long long)(bound / MS));
    }
}

void sentence_icm_pg_stays(const struct history *h, struct check_result *ret)
{
    struct proc_id other;
    const struct history_outage *fault = lost_side(h, ret, &other);
    uint64_t active = 0, changes = 0;
    for (size_t i = 0; fault != NULL && i < h->events_n; i++) {
        const struct event *e = &h->events[i];
        active += e->kind == EVENT_PG_ACTIVE && e->at.us < fault->from ? 1 : 0;
        changes +=
            (e->kind == EVENT_PG_ACTIVE || e->kind == EVENT_PG_STANDBY) && e->at.us >= fault->from
                ? 1
                : 0;
    }
    if (fault != NULL) {
        check_say(ret, check_verdict(active, changes),
                  "PG sides became active or gave up %llu times since the failure",
                  (unsigned long long)changes);
    }
}

int64_t sentence_icm_answered(const struct history *h, size_t nth, int64_t bound)
{
    const struct event *asked = &h->events[nth];
    for (size_t i = nth; i < h->events_n && h->events[i].at.us <= asked->at.us + bound; i++) {
        const struct event *e = &h->events[i];
        if ((e->kind == EVENT_ROUTED || e->kind == EVENT_CALL_END) &&
            call_id_eq(e->call, asked->call)) {
            return e->at.us;
        }
    }
    return -1;
}

bool sentence_icm_stored(const struct history *h, int64_t key)
{
    for (size_t i = 0; i < h->events_n; i++) {
        if (h->events[i].kind == EVENT_TCD_STORED && h->events[i].value == key) {
            return true;
        }
    }
    return false;
}

void sentence_icm_routed(const struct history *h, struct check_result *ret)
{
    sentence_icm_routed_within(h, missed_us(h) + ASK_AGAIN_US, ret);
}

void sentence_icm_routed_within(const struct history *h, int64_t bound, struct check_result *ret)
{
    struct proc_id other;
    const struct history_outage *fault = lost_side(h, ret, &other);
    int64_t longest = 0;
    uint64_t asked = 0, late = 0;
    for (size_t i = 0; fault != NULL && i < h->events_n; i++) {
        const struct event *e = &h->events[i];
        if (e->kind != EVENT_ROUTE_REQUESTED || e->at.us < fault->from - CALL_BEGIN_US ||
            e->at.us + bound > h->end_us) {
            continue;
        }
        int64_t at = sentence_icm_answered(h, i, bound);
        asked++;
        late += at < 0 ? 1 : 0;
        longest = at >= 0 && at - e->at.us > longest ? at - e->at.us : longest;
    }
    if (fault != NULL) {
        check_say(ret, check_verdict(asked, late),
                  "%llu requests since the failure, the longest wait %lld ms; %llu waited for more "
                  "than %lld ms",
                  (unsigned long long)asked, (long long)(longest / MS), (unsigned long long)late,
                  (long long)(bound / MS));
    }
}

void sentence_icm_whole(const struct history *h, struct check_result *ret)
{
    struct proc_id other;
    uint64_t whole = 0, cut = 0;
    if (lost_side(h, ret, &other) == NULL) {
        return;
    }
    for (size_t i = 0; i < h->rows_n; i++) {
        const struct history_row *row = &h->rows[i];
        bool counts = !row->copy && row->at_us >= h->rehearsed_us;
        whole += counts && !row->partial ? 1 : 0;
        cut += counts && row->partial ? 1 : 0;
    }
    check_say(ret, check_verdict(whole, cut), "%llu records, %llu of them of a call that was cut",
              (unsigned long long)(whole + cut), (unsigned long long)cut);
}

void sentence_icm_returns(const struct history *h, struct check_result *ret)
{
    struct proc_id other;
    const struct history_outage *fault = lost_side(h, ret, &other);
    int64_t back = fault != NULL ? sentence_returned(h, ret) : -1, rows = -1;
    bool paired = false;
    if (back < 0) {
        return;
    }
    /* One that wakes may be back before the command says so. */
    for (size_t i = 0; i < h->events_n; i++) {
        const struct event *e = &h->events[i];
        if (!proc_id_eq(e->proc, fault->proc) || e->at.us < fault->from) {
            continue;
        }
        if (e->kind == EVENT_MDS_STATE) {
            paired = e->value == MDS_STATE_PAIRED_DISABLED;
            rows = -1;
        } else if (e->kind == EVENT_RECOVERED) {
            rows = e->value;
        }
    }
    check_say(ret, check_verdict(paired && rows >= 0, paired && rows >= 0 ? 0 : 1),
              "%s was %sgiven the state, and its logger %lld rows",
              topology_name(h->topology, fault->proc), paired ? "" : "not ", (long long)rows);
}

void sentence_icm_loggers(const struct history *h, struct check_result *ret)
{
    struct proc_id other;
    if (lost_side(h, ret, &other) != NULL) {
        check_tcd_3(h, ret);
    }
}
