#include "cluster/check/expect_parts.h"

/* Whether a phone lost its CallManager by this outage before `end`; one that only hung may not have
 * noticed. */
static bool lost_by(const struct history *h, struct device_id device,
                    const struct history_outage *o, int64_t end)
{
    if (!history_hangs(o)) {
        return true;
    }
    const struct history_span *span = &h->moves_of[device.v];
    for (uint32_t i = 0; i < span->n; i++) {
        const struct history_move *move = &h->moves[span->first + i];
        if (!proc_id_some(move->node) && move->at >= o->from && move->at < end &&
            (o->until == HISTORY_FOREVER || move->at <= o->until + EXPECT_DROP_US)) {
            return true;
        }
    }
    return false;
}

bool expect_course_callmanager(const struct history *h, const struct history_outage *o)
{
    return !o->network && o->service != SERVICE_CTIMANAGER && history_kind(h, o->proc) == PROC_NODE;
}

/* When the leg's phone lost its CallManager, within its time; FOREVER: it did not. A CallManager
 * that hung and woke up before it was lost to the phone may have told of an end in between
 * (`woke`): that was the first thing it heard. */
static int64_t cut_of_phone(const struct history *h, const struct expect_leg *what, int64_t begin,
                            int64_t end, bool woke)
{
    int64_t first = HISTORY_FOREVER;
    for (uint32_t i = 0; i < h->outages_n; i++) {
        const struct history_outage *o = &h->outages[i];
        if (expect_course_callmanager(h, o) && begin < o->from && o->from < end &&
            o->from < first && proc_id_eq(history_home(h, what->device, o->from), o->proc) &&
            lost_by(h, what->device, o, woke ? end : HISTORY_FOREVER)) {
            first = o->from;
        }
    }
    return first;
}

/* Whether the registry took the route point from its node within from..until. */
static bool point_taken(const struct history *h, struct device_id point, int64_t from,
                        int64_t until)
{
    const struct event *e;
    for (uint32_t i = 0; (e = history_owner_change(h, point, i)) != NULL && e->at.us <= until;
         i++) {
        if (e->at.us >= from && !proc_id_some(e->peer)) {
            return true;
        }
    }
    return false;
}

/* Rows that the failures of the route point's node left, within from..until in view. One that hung
 * for a moment keeps it; and one that lost it may, when it wakes up (`woke`), send the call on or
 * hear that the caller left, before it hears of that. */
static uint32_t cuts_of_point(const struct history *h, const struct expect_leg *what, int64_t from,
                              int64_t until, bool woke)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < h->outages_n && what->at_point; i++) {
        const struct history_outage *o = &h->outages[i];
        if (o->from <= from || o->from >= until || !expect_course_callmanager(h, o)) {
            continue;
        }
        bool hung = history_hangs(o);
        bool first = what->went_on ? o->until <= what->end_us : what->end_us <= o->until;
        if ((hung && woke && first) ||
            !proc_id_eq(history_owner(h, what->device, o->from - 1), o->proc)) {
            continue;
        }
        int64_t known = o->until == HISTORY_FOREVER
                            ? h->end_us
                            : o->until + h->topology->timers.node_down_after.us;
        n += !hung || point_taken(h, what->device, o->from, known) ? 1 : 0;
    }
    return n;
}

/* What cut the phone took the CTI Manager of the active side, too, and that side died before it
 * wrote anything. */
static bool cut_unwritten(const struct history *h, const struct expect_leg *what, int64_t cut)
{
    for (uint32_t i = 0; i < h->windows_n; i++) {
        const struct history_window *w = &h->windows[i];
        if (w->pair == what->pair && w->unwritten && w->from <= cut + EXPECT_SLACK_US &&
            cut <= w->from + EXPECT_SLACK_US) {
            return true;
        }
    }
    return false;
}

/* One course of events, as a bit. */
uint32_t expect_course_follow(const struct history *h, const struct expect_leg *what, int64_t begin,
                              int64_t end, struct expect_variant v)
{
    uint32_t partial = 0;
    int64_t cut = what->at_point ? HISTORY_FOREVER
                                 : cut_of_phone(h, what, begin, end, v.told == EXPECT_TOLD_ALL);
    int64_t last = cut < end ? cut : end;
    int64_t in_view = begin; /* since when */
    for (uint32_t i = 0; i < h->windows_n; i++) {
        const struct history_window *w = &h->windows[i];
        int64_t from = v.told != EXPECT_TOLD_NOTHING ? w->told_until : w->from;
        int64_t until = v.early ? w->seen_from : w->until;
        bool ended_in_pile = w->from < last && last <= w->told_until && begin < w->told_until;
        if (w->pair == what->pair && v.told == EXPECT_TOLD_BEGIN && ended_in_pile) {
            return EXPECT_BIT(partial + 1, false);
        }
        if (w->pair != what->pair || in_view >= until || last <= from) {
            continue;
        }
        if (in_view < from) {
            partial += w->unwritten && v.missing ? 0 : 1;
            partial += cuts_of_point(h, what, in_view, from, v.told == EXPECT_TOLD_ALL);
        }
        if (last <= until) {
            return EXPECT_BIT(partial, false);
        }
        in_view = until;
    }
    partial += cuts_of_point(h, what, in_view, last, v.told == EXPECT_TOLD_ALL);
    bool whole = cut >= end && !what->went_on;
    bool is_cut = cut < end && !(v.missing && cut_unwritten(h, what, cut));
    partial += is_cut || (whole && v.no_whole && !what->at_point) ? 1 : 0;
    whole = whole && !v.no_whole;
    return EXPECT_BIT(partial < EXPECT_PARTIALS_MAX ? partial : EXPECT_PARTIALS_MAX, whole);
}

/* The leg was ended by a failure. */
bool expect_course_dropped(const struct expect_leg *what)
{
    enum reason reason = what->leg->reason;
    return reason == REASON_DROPPED_IN_SETUP || reason == REASON_NODE_LOST ||
           reason == REASON_SERVICE_LOST || reason == REASON_OUT_OF_SERVICE;
}
