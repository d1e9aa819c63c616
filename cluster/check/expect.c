#include "cluster/check/expect.h"

#include <string.h>

/* A call that its CallManager drops in setup ends this long after the failure at most. */
#define DROP_US INT64_C(2000000)

/* What was told, after a pause, of the events that had piled up by then. */
enum told {
    TOLD_NOTHING,
    TOLD_BEGIN, /* and not the end: the session that carried it was lost in between */
    TOLD_ALL,
    TOLDS
};

/* Where the facts leave room: each of them is one that the run recorded. */
struct variant {
    bool early; /* the new side saw this phone's call when it was granted, not when it was active */
    bool missing;   /* what a dead side had in view is in no row, if no other side held its state */
    bool no_whole;  /* the last row is partial, or was never due */
    enum told told; /* by who paused, or to him: it woke up in time */
};

int64_t expect_wrapup_most(const struct history *h)
{
    return h->topology->timers.mesh_heartbeat.us + h->topology->traffic.wrapup_mean.us * 3 / 2;
}

struct expect_leg expect_at_phone(const struct history_leg *leg, uint32_t pair)
{
    return (struct expect_leg){.leg = leg,
                               .pair = pair,
                               .device = leg->device,
                               .begin_us = leg->begin_us,
                               .end_us = leg->end_us};
}

/* Calls that ended before a route point could take them leave no row. */
static bool never_offered(enum reason reason)
{
    return reason == REASON_UNREGISTERED || reason == REASON_BUSY || reason == REASON_NO_QUORUM ||
           reason == REASON_THROTTLED || reason == REASON_UNKNOWN_NUMBER || reason == REASON_FULL ||
           reason == REASON_NOT_OWNER || reason == REASON_OLD_EPOCH ||
           reason == REASON_DROPPED_IN_SETUP || reason == REASON_SHUTDOWN;
}

/* The node that serves a route point; its phones do not tell, the registry does. */
static struct proc_id owner_of(const struct history *h, struct device_id point, int64_t at)
{
    struct proc_id owner = {0};
    for (size_t i = 0; i < h->events_n && h->events[i].at.us <= at; i++) {
        const struct event *e = &h->events[i];
        if (e->kind == EVENT_OWNER_CHANGED && device_id_eq(e->device, point)) {
            owner = e->peer;
        }
    }
    return owner;
}

/* The node that held the route point was dead when the call came, and nobody took the point before
 * it ended: without a quorum nobody can. */
static bool is_unheld(const struct history *h, struct device_id point, int64_t begin, int64_t end)
{
    struct proc_id owner = owner_of(h, point, begin);
    return proc_id_some(owner) && !history_up(h, owner, SERVICE_CALLMANAGER, begin) &&
           proc_id_eq(owner_of(h, point, end), owner);
}

struct expect_leg expect_at_point(const struct history *h, const struct history_leg *leg,
                                  uint32_t pair, struct device_id point)
{
    struct expect_leg what = {.leg = leg,
                              .pair = pair,
                              .device = point,
                              .at_point = true,
                              .begin_us = leg->begin_us,
                              .end_us = leg->end_us,
                              .went_on = leg->answer_us != 0,
                              .never_offered = never_offered(leg->reason) ||
                                               (leg->reason == REASON_NO_CONTROLLER &&
                                                is_unheld(h, point, leg->begin_us, leg->end_us))};
    if (leg->answer_us != 0) {
        what.end_us = leg->answer_us;
    }
    for (size_t i = 0; i < h->legs_n; i++) {
        const struct history_leg *other = &h->legs[i];
        bool rang =
            agent_id_some(other->agent) && other->incoming && call_id_eq(other->call, leg->call);
        /* A phone whose node hung, or was cut off, may ring for a caller who is gone. */
        if (rang && other->begin_us <= leg->end_us) {
            what.went_on = true;
            what.end_us = other->begin_us < what.end_us ? other->begin_us : what.end_us;
        }
        what.rang_late = what.rang_late || (rang && other->begin_us > leg->end_us);
    }
    return what;
}

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
            (o->until == HISTORY_FOREVER || move->at <= o->until + DROP_US)) {
            return true;
        }
    }
    return false;
}

static bool of_callmanager(const struct history *h, const struct history_outage *o)
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
        if (of_callmanager(h, o) && begin < o->from && o->from < end && o->from < first &&
            proc_id_eq(history_home(h, what->device, o->from), o->proc) &&
            lost_by(h, what->device, o, woke ? end : HISTORY_FOREVER)) {
            first = o->from;
        }
    }
    return first;
}

/* Rows that the failures of the route point's node left, within from..until in view. */
static uint32_t cuts_of_point(const struct history *h, const struct expect_leg *what, int64_t from,
                              int64_t until)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < h->outages_n && what->at_point; i++) {
        const struct history_outage *o = &h->outages[i];
        n += of_callmanager(h, o) && from < o->from && o->from < until &&
             proc_id_eq(owner_of(h, what->device, o->from - 1), o->proc);
    }
    return n;
}

/* One course of events, as a bit. */
static uint32_t follow(const struct history *h, const struct expect_leg *what, int64_t begin,
                       int64_t end, struct variant v)
{
    uint32_t partial = 0;
    int64_t cut =
        what->at_point ? HISTORY_FOREVER : cut_of_phone(h, what, begin, end, v.told == TOLD_ALL);
    int64_t last = cut < end ? cut : end;
    int64_t in_view = begin; /* since when */
    for (uint32_t i = 0; i < h->windows_n; i++) {
        const struct history_window *w = &h->windows[i];
        int64_t from = v.told != TOLD_NOTHING ? w->told_until : w->from;
        int64_t until = v.early ? w->seen_from : w->until;
        bool ended_in_pile = w->from < last && last <= w->told_until && begin < w->told_until;
        if (w->pair == what->pair && v.told == TOLD_BEGIN && ended_in_pile) {
            return EXPECT_BIT(partial + 1, false);
        }
        if (w->pair != what->pair || in_view >= until || last <= from) {
            continue;
        }
        if (in_view < from) {
            partial += w->unwritten && v.missing ? 0 : 1;
            partial += cuts_of_point(h, what, in_view, from);
        }
        if (last <= until) {
            return EXPECT_BIT(partial, false);
        }
        in_view = until;
    }
    partial += cuts_of_point(h, what, in_view, last);
    bool whole = cut >= end && !what->went_on;
    partial += cut < end || (whole && v.no_whole && !what->at_point) ? 1 : 0;
    whole = whole && !v.no_whole;
    return EXPECT_BIT(partial < EXPECT_PARTIALS_MAX ? partial : EXPECT_PARTIALS_MAX, whole);
}

static bool near_callmanager_fault(const struct history *h, int64_t from, int64_t until)
{
    for (uint32_t i = 0; i < h->outages_n; i++) {
        const struct history_outage *o = &h->outages[i];
        if (of_callmanager(h, o) && o->from >= from && o->from <= until) {
            return true;
        }
    }
    return false;
}

/* The leg was ended by a failure. */
static bool dropped(const struct expect_leg *what)
{
    enum reason reason = what->leg->reason;
    return reason == REASON_DROPPED_IN_SETUP || reason == REASON_NODE_LOST ||
           reason == REASON_SERVICE_LOST || reason == REASON_OUT_OF_SERVICE;
}

/* Whether the end of the leg may leave something else than a whole row. */
static bool end_is_open(const struct history *h, const struct expect_leg *what)
{
    if (what->at_point) {
        return what->never_offered ||
               near_callmanager_fault(h, what->begin_us, what->end_us + EXPECT_SLACK_US);
    }
    return dropped(what) &&
           near_callmanager_fault(h, what->end_us - DROP_US, what->end_us + EXPECT_SLACK_US);
}

/* The CallManager of the caller, whose call it is, failed while he was there, or hung: it finds his
 * key when it wakes up, and then that it was given up. */
static bool lost_its_call(const struct history *h, const struct expect_leg *what)
{
    struct proc_id home = history_home(h, what->leg->device, what->begin_us);
    for (uint32_t i = 0; i < h->outages_n; i++) {
        const struct history_outage *o = &h->outages[i];
        bool there = history_hangs(o) ? o->until >= what->begin_us : o->from >= what->begin_us;
        if (of_callmanager(h, o) && proc_id_eq(o->proc, home) && there &&
            o->from <= what->end_us + EXPECT_SLACK_US) {
            return true;
        }
    }
    return false;
}

/* A caller who waits at the route point when the CallManager of the call dies: the PG learns of it
 * by the end of the call there, or by the node's, and cuts it once more. He may have given up
 * before he noticed; nobody heard of that any more. */
static bool may_be_cut_at_point(const struct history *h, const struct expect_leg *what)
{
    bool late = what->leg->reason == REASON_DROPPED_IN_SETUP &&
                near_callmanager_fault(h, what->begin_us, what->end_us + EXPECT_SLACK_US);
    return what->at_point && (late || lost_its_call(h, what));
}

int64_t expect_news_us(const struct history *h)
{
    const struct topology_timers *t = &h->topology->timers;
    return t->jtapi_heartbeat.us * t->cti_misses + EXPECT_SLACK_US;
}

/* Whether a side of the pair was silent at `at`. An agent's desktop may have been with that one. */
static bool side_silent(const struct history *h, uint32_t pair, int64_t at)
{
    for (uint32_t i = 0; i < h->outages_n; i++) {
        const struct history_outage *o = &h->outages[i];
        const struct topology_proc *p = topology_proc_of(h->topology, o->proc);
        if (p != NULL && p->kind == PROC_PG && p->pair == pair && history_hangs(o) &&
            o->from <= at && at < o->until) {
            return true;
        }
    }
    return false;
}

/* The agent was still in wrap-up when the last side that knew of the call died. Nobody ends a
 * wrap-up whose desktop waits for another side, until it has noticed that this one is silent. */
static bool wrapup_unwritten(const struct history *h, const struct expect_leg *what)
{
    int64_t wrapup = what->end_us + expect_wrapup_most(h);
    wrapup += side_silent(h, what->pair, what->end_us) ? expect_news_us(h) : 0;
    for (uint32_t i = 0; i < h->windows_n; i++) {
        const struct history_window *w = &h->windows[i];
        if (w->pair == what->pair && w->unwritten && what->end_us <= w->from && w->from <= wrapup) {
            return true;
        }
    }
    return false;
}

/* The same outcomes, but the last row was not written. */
static uint32_t without_whole(uint32_t set)
{
    uint32_t without = 0;
    for (uint32_t p = 0; p <= EXPECT_PARTIALS_MAX; p++) {
        without |= (set & EXPECT_BIT(p, 1)) != 0 ? EXPECT_BIT(p, 0) : 0;
    }
    return without;
}

/* What the faults were to a leg. */
struct felt {
    uint32_t faults;   /* in its time; one that touched many processes is one */
    uint32_t switches; /* the times without an active side that they led to */
    bool overlap;      /* one began before the other was over and done with */
    bool silence;      /* the network kept news back: it does to each party something else */
    bool unheard;      /* and lasted from the begin to the end */
};

/* Whether an earlier outage is of the same fault. */
static bool told_before(const struct history *h, uint32_t index)
{
    const struct history_outage *o = &h->outages[index];
    for (uint32_t i = 0; i < index; i++) {
        if (h->outages[i].from == o->from && strcmp(h->outages[i].what, o->what) == 0) {
            return true;
        }
    }
    return false;
}

/* Until when its consequences may come: what is dead is noticed once, silence goes on. */
static int64_t felt_until(const struct history *h, const struct history_outage *o)
{
    int64_t last = history_silences(o) ? o->until : o->from;
    return last == HISTORY_FOREVER ? last : last + expect_news_us(h);
}

static struct felt feel(const struct history *h, const struct expect_leg *what)
{
    struct felt felt = {0};
    int64_t over = what->end_us + expect_wrapup_most(h) + EXPECT_SLACK_US;
    int64_t busy = 0; /* with the faults so far, which come in order of their begin */
    for (uint32_t i = 0; i < h->outages_n; i++) {
        const struct history_outage *o = &h->outages[i];
        int64_t until = felt_until(h, o);
        if (over <= o->from || until <= what->begin_us || strstr(o->what, "clock") != NULL ||
            told_before(h, i)) {
            continue;
        }
        bool quiet = history_silences(o);
        felt.faults++;
        felt.overlap = felt.overlap || o->from < busy;
        felt.silence = felt.silence || (quiet && strstr(o->what, "hang") == NULL);
        felt.unheard = felt.unheard || (quiet && o->from <= what->begin_us + EXPECT_SLACK_US &&
                                        what->end_us <= until);
        busy = until > busy ? until : busy;
    }
    for (uint32_t i = 0; i < h->windows_n; i++) {
        const struct history_window *w = &h->windows[i];
        int64_t until = w->until == HISTORY_FOREVER ? w->until : w->until + expect_news_us(h);
        bool inside = w->pair == what->pair && w->from < over && what->begin_us < until;
        felt.switches += inside ? 1 : 0;
    }
    return felt;
}

/* Both sides of the pair acted when the leg ended. */
static bool both_saw_the_end(const struct history *h, const struct expect_leg *what)
{
    for (uint32_t i = 0; i < h->both_n; i++) {
        const struct history_both *b = &h->both[i];
        if (b->pair == what->pair && b->from <= what->end_us + EXPECT_SLACK_US &&
            what->end_us - EXPECT_SLACK_US <= b->until) {
            return true;
        }
    }
    return false;
}

/* How often the registry took the route point from its owner, or the caller's node for dead, while
 * the caller was there. */
static uint32_t taken_at_point(const struct history *h, const struct expect_leg *what)
{
    struct proc_id home = history_home(h, what->leg->device, what->begin_us);
    int64_t down = 0;
    uint32_t n = 0, epoch = 0; /* the nodes tell the same change one after the other */
    for (size_t i = 0; i < h->events_n && what->at_point; i++) {
        const struct event *e = &h->events[i];
        bool lost = e->kind == EVENT_OWNER_CHANGED && device_id_eq(e->device, what->device) &&
                    !proc_id_some(e->peer) && e->epoch > epoch;
        bool dead = e->kind == EVENT_NODE_DOWN && proc_id_eq(e->peer, home) && e->value > down;
        if (e->at.us <= what->begin_us || e->at.us >= what->end_us || (!lost && !dead)) {
            continue;
        }
        epoch = lost ? e->epoch : epoch;
        down = dead ? e->value : down;
        n++;
    }
    return n;
}

/* Where faults overlap, or keep news back, the record does not say who noticed what in which order.
 * What stays true: each fault and each switch explains one partial row at most, the end one whole
 * row, and no row at all is left only by who was never in anybody's view. A fault that took
 * the route point from its node, or the caller's node for dead, may also have dropped the call when
 * it was offered again. A side that does not hear that it was replaced writes what it sees until it
 * does: records are accepted under any epoch, so an end that both sides saw is two whole rows. So
 * is a leg that went from one call to another, for who missed that, and finds the one gone and the
 * other there. */
static uint32_t mixed(const struct history *h, const struct expect_leg *what,
                      const struct felt *felt)
{
    bool none = felt->unheard || felt->switches > 0 || what->went_on || what->rang_late ||
                what->never_offered;
    uint32_t set = none ? EXPECT_BIT(0, false) : 0;
    uint32_t most = felt->faults + felt->switches;
    uint32_t taken = dropped(what) ? taken_at_point(h, what) : 0;
    if (taken > 0 && most < taken + felt->switches + 1) {
        most = taken + felt->switches + 1;
    }
    bool twice = call_id_some(what->leg->moved_from) || both_saw_the_end(h, what);
    set |= EXPECT_BIT(0, true) | (twice ? EXPECT_BIT(0, 2) : 0);
    for (uint32_t p = 1; p <= most && p <= EXPECT_PARTIALS_MAX; p++) {
        set |= EXPECT_BIT(p, false) | EXPECT_BIT(p, true) | (twice ? EXPECT_BIT(p, 2) : 0);
    }
    return set;
}

/* Somebody paused in the time of the leg. */
static bool paused(const struct history *h, const struct expect_leg *what)
{
    for (uint32_t i = 0; i < h->outages_n; i++) {
        const struct history_outage *o = &h->outages[i];
        if (history_hangs(o) && o->from <= what->end_us + EXPECT_SLACK_US &&
            what->begin_us <= felt_until(h, o)) {
            return true;
        }
    }
    return false;
}

uint32_t expect_rows(const struct history *h, const struct expect_leg *what, uint32_t *ret_exact)
{
    static const int64_t shifts[3] = {0, -EXPECT_SLACK_US, EXPECT_SLACK_US};
    const struct variant plain = {.early = false};
    bool open_end = end_is_open(h, what);
    uint32_t set = 0;
    *ret_exact = follow(h, what, what->begin_us, what->end_us, plain);
    unsigned tolds = paused(h, what) ? TOLDS : 1;
    for (unsigned k = 0; k < 8 * tolds * 9; k++) {
        struct variant v = {.early = (k & 1) != 0,
                            .missing = (k & 2) != 0,
                            .no_whole = (k & 4) != 0 && open_end,
                            .told = (enum told)(k / 8 % tolds)};
        int64_t begin = what->begin_us + shifts[k / (8 * tolds) % 3];
        int64_t end = what->end_us + shifts[k / (8 * tolds * 3)];
        set |= follow(h, what, begin, end > begin ? end : begin + 1, v);
    }
    if (wrapup_unwritten(h, what)) {
        set |= without_whole(set);
    }
    struct felt felt = feel(h, what);
    if (felt.unheard) { /* all of it is told after the silence, and cut by what followed from that
                         */
        set |= EXPECT_BIT(1, 0);
    }
    if (felt.overlap || felt.silence) {
        set |= mixed(h, what, &felt);
    }
    if (felt.faults > 0 && what->end_us - what->begin_us < EXPECT_SLACK_US) {
        set |= EXPECT_BIT(0, false); /* it was over before its begin was told */
    }
    if (may_be_cut_at_point(h, what)) {
        set |= (set & EXPECT_BIT(0, false)) != 0 ? EXPECT_BIT(1, false) : 0;
        set |= (set & EXPECT_BIT(1, false)) != 0 ? EXPECT_BIT(2, false) : 0;
    }
    return set;
}
