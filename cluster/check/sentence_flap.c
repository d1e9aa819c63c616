#include "cluster/check/sentence_flap.h"

#include "cluster/check/sentence.h"
#include "cluster/check/sentence_pg.h"

#include <string.h>

#define MS        1000
#define MOVES_MAX 2

/* The cuts between the side that was active at first and its CTI Manager. */
struct flaps {
    struct sentence_sides sides;
    uint32_t n, noticed;
    int64_t from, until; /* the first cut, and the end of the last one */
};

/* Whether the side lost its link to its CTI Manager within the time. */
static bool lost(const struct history *h, struct proc_id side, int64_t from, int64_t until)
{
    for (size_t i = 0; i < h->events_n; i++) {
        const struct event *e = &h->events[i];
        if (e->kind == EVENT_LINK_DOWN && proc_id_eq(e->proc, side) && e->at.us >= from &&
            e->at.us < until && strcmp(e->text, "jtapi") == 0) {
            return true;
        }
    }
    return false;
}

/* false: there were no two of them, and that is said. */
static bool find(const struct history *h, struct check_result *ret, struct flaps *ret_flaps)
{
    *ret_flaps = (struct flaps){.from = HISTORY_FOREVER};
    (void)sentence_switches(h, &ret_flaps->sides);
    for (uint32_t i = history_first(h); i < h->outages_n && proc_id_some(ret_flaps->sides.before);
         i++) {
        const struct history_outage *o = &h->outages[i];
        if (!o->network || !proc_id_eq(o->proc, ret_flaps->sides.before)) {
            continue;
        }
        ret_flaps->n++;
        ret_flaps->noticed += lost(h, o->proc, o->from, o->until) ? 1 : 0;
        ret_flaps->from = o->from < ret_flaps->from ? o->from : ret_flaps->from;
        ret_flaps->until = o->until > ret_flaps->until ? o->until : ret_flaps->until;
    }
    if (ret_flaps->n < 2) {
        check_say(ret, VERDICT_INCONCLUSIVE, "no link of an active PG side came and went");
    }
    return ret_flaps->n >= 2;
}

void sentence_flap_noticed(const struct history *h, struct check_result *ret)
{
    struct flaps f;
    if (find(h, ret, &f)) {
        /* One that begins before the link is up again is not news. */
        check_say(ret, check_verdict(f.noticed, 2 * f.noticed < f.n ? 1 : 0),
                  "%s noticed %u of %u cuts", topology_name(h->topology, f.sides.before), f.noticed,
                  f.n);
    }
}

void sentence_flap_moves(const struct history *h, struct check_result *ret)
{
    struct flaps f;
    uint64_t moves = 0;
    if (!find(h, ret, &f)) {
        return;
    }
    for (size_t i = 0; i < h->events_n; i++) {
        const struct event *e = &h->events[i];
        bool of_pair = proc_id_eq(e->proc, f.sides.before) || proc_id_eq(e->proc, f.sides.other);
        moves += e->kind == EVENT_PG_ACTIVE && of_pair && e->at.us >= f.from ? 1 : 0;
    }
    check_say(ret, check_verdict(1, moves > MOVES_MAX ? moves : 0),
              "%u cuts; a side became active %llu times, %d at most", f.n,
              (unsigned long long)moves, MOVES_MAX);
}

void sentence_flap_taken(const struct history *h, struct check_result *ret)
{
    struct flaps f;
    if (!find(h, ret, &f)) {
        return;
    }
    uint64_t due = sentence_pg_monitors(h, h->topology->procs[f.sides.other.v - 1].pair);
    for (size_t i = 0; i < h->events_n; i++) {
        const struct event *e = &h->events[i];
        if (e->kind == EVENT_PG_ACTIVE && proc_id_eq(e->proc, f.sides.other) &&
            e->at.us >= f.from) {
            bool in_time = e->at.us - f.from <= h->topology->timers.live_bound.us;
            bool all = e->value2 >= 0 && (uint64_t)e->value2 >= due;
            check_say(ret, in_time && all ? VERDICT_PASS : VERDICT_FAIL,
                      "%s active %lld ms after the first cut, with %lld of %llu monitors",
                      topology_name(h->topology, f.sides.other),
                      (long long)((e->at.us - f.from) / MS), (long long)e->value2,
                      (unsigned long long)due);
            return;
        }
    }
    check_say(ret, VERDICT_FAIL, "%s never became active",
              topology_name(h->topology, f.sides.other));
}

void sentence_flap_routed(const struct history *h, struct check_result *ret)
{
    struct flaps f;
    uint64_t meanwhile = 0, after = 0;
    if (!find(h, ret, &f)) {
        return;
    }
    for (size_t i = 0; i < h->events_n; i++) {
        const struct event *e = &h->events[i];
        bool routed = e->kind == EVENT_ROUTED && e->value2 == ROUTE_LABEL && e->at.us >= f.from;
        meanwhile += routed && e->at.us < f.until ? 1 : 0;
        after += routed && e->at.us >= f.until ? 1 : 0;
    }
    check_say(ret, after > 0 ? VERDICT_PASS : VERDICT_FAIL,
              "%llu calls were routed while the link came and went, %llu afterwards",
              (unsigned long long)meanwhile, (unsigned long long)after);
}
