#include "cluster/check/expect_parts.h"

#include <stdlib.h>
#include <string.h>

/* So long after a commit that failed a store tries again. */
#define RETRY_US INT64_C(1000000)

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

/* Whether the CallManager of a node was dead, and did not only hang. */
static bool is_dead(const struct history *h, struct proc_id node, int64_t at)
{
    for (uint32_t i = 0; i < h->outages_n; i++) {
        const struct history_outage *o = &h->outages[i];
        if (proc_id_eq(o->proc, node) && expect_course_callmanager(h, o) && !history_hangs(o) &&
            o->from <= at && at < o->until) {
            return true;
        }
    }
    return false;
}

/* Whether another node than `owner` knew that it holds the route point within from..until. */
static bool is_taken_over(const struct history *h, struct device_id point, struct proc_id owner,
                          int64_t from, int64_t until)
{
    const struct event *e;
    for (uint32_t i = 0; (e = history_owner_change(h, point, i)) != NULL && e->at.us <= until;
         i++) {
        if (e->at.us >= from && proc_id_eq(e->proc, e->peer) && !proc_id_eq(e->peer, owner)) {
            return true;
        }
    }
    return false;
}

/* The node that held the route point was dead when the call came, and nobody took the point before
 * it ended: without a quorum nobody can. Who is turned away there by a node that hangs was not
 * offered either; who gives up is told to it when it wakes up. */
static bool is_unheld(const struct history *h, struct device_id point,
                      const struct history_leg *leg)
{
    struct proc_id owner = history_owner(h, point, leg->begin_us);
    bool dead = leg->reason == REASON_NO_CONTROLLER
                    ? !history_up(h, owner, SERVICE_CALLMANAGER, leg->begin_us)
                    : is_dead(h, owner, leg->begin_us);
    return leg->answer_us == 0 && proc_id_some(owner) && dead &&
           !is_taken_over(h, point, owner, leg->begin_us, leg->end_us);
}

/* The controller gave a call at a route point to an agent (none: to any) until `by`. His phone may
 * not have heard of it, and may never: the call is his all the same. */
static bool was_given(const struct history *h, const struct history_leg *leg, struct agent_id agent,
                      int64_t by)
{
    for (size_t i = history_from(h, leg->begin_us); i < h->events_n; i++) {
        const struct event *e = &h->events[i];
        if (e->at.us > by) {
            return false;
        }
        if (e->kind == EVENT_ROUTED && e->value2 == ROUTE_LABEL && call_id_eq(e->call, leg->call) &&
            (!agent_id_some(agent) || e->value == agent.v)) {
            return true;
        }
    }
    return false;
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
                              .never_offered =
                                  never_offered(leg->reason) || is_unheld(h, point, leg)};
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
        what.crossed = what.crossed || (what.rang_late && rang &&
                                        other->begin_us <= leg->end_us + EXPECT_SLACK_US &&
                                        was_given(h, leg, other->agent, leg->end_us));
    }
    what.sent_on =
        !what.went_on && !what.rang_late && was_given(h, leg, (struct agent_id){0}, h->end_us);
    return what;
}

static bool near_callmanager_fault(const struct history *h, int64_t from, int64_t until)
{
    for (uint32_t i = 0; i < h->outages_n; i++) {
        const struct history_outage *o = &h->outages[i];
        if (expect_course_callmanager(h, o) && o->from >= from && o->from <= until) {
            return true;
        }
    }
    return false;
}

/* Whether the end of the leg may leave something else than a whole row. */
static bool end_is_open(const struct history *h, const struct expect_leg *what)
{
    if (what->at_point) {
        return what->never_offered ||
               near_callmanager_fault(h, what->begin_us, what->end_us + EXPECT_SLACK_US);
    }
    return expect_course_dropped(what) &&
           near_callmanager_fault(h, what->end_us - EXPECT_DROP_US, what->end_us + EXPECT_SLACK_US);
}

/* The CallManager of the caller, whose call it is, failed while he was there: 1. Or it hung: 2; it
 * finds his key when it wakes up, offers the call again, and finds then that it was given up. */
static uint32_t lost_its_call(const struct history *h, const struct expect_leg *what)
{
    struct proc_id home = history_home(h, what->leg->device, what->begin_us);
    uint32_t cuts = 0;
    for (uint32_t i = 0; i < h->outages_n; i++) {
        const struct history_outage *o = &h->outages[i];
        bool hung = history_hangs(o);
        bool there = hung ? o->until >= what->begin_us : o->from >= what->begin_us;
        if (expect_course_callmanager(h, o) && proc_id_eq(o->proc, home) && there &&
            o->from <= what->end_us + EXPECT_SLACK_US) {
            cuts = hung ? 2 : cuts == 0 ? 1 : cuts;
        }
    }
    return cuts;
}

/* How often a caller who waits at the route point may be cut there when the CallManager of the call
 * dies: the PG learns of it by the end of the call there, or by the node's. He may have given up
 * before he noticed; nobody heard of that any more. */
static uint32_t cuts_at_point(const struct history *h, const struct expect_leg *what)
{
    bool late = what->leg->reason == REASON_DROPPED_IN_SETUP &&
                near_callmanager_fault(h, what->begin_us, what->end_us + EXPECT_SLACK_US);
    uint32_t lost = lost_its_call(h, what);
    return !what->at_point ? 0 : lost == 0 && late ? 1 : lost;
}

int64_t expect_news_us(const struct history *h)
{
    const struct topology_timers *t = &h->topology->timers;
    return t->jtapi_heartbeat.us * t->cti_misses + EXPECT_SLACK_US;
}

/* Whether a side of the pair was silent at `at`: a dead one that lost its power says no more than
 * one that hangs. An agent's desktop may have been with that one. */
static bool side_silent(const struct history *h, uint32_t pair, int64_t at)
{
    for (uint32_t i = 0; i < h->outages_n; i++) {
        const struct history_outage *o = &h->outages[i];
        const struct topology_proc *p = topology_proc_of(h->topology, o->proc);
        bool silent = history_hangs(o) || strstr(o->what, "power") != NULL;
        if (p != NULL && p->kind == PROC_PG && p->pair == pair && silent && o->from <= at &&
            at < o->until) {
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

/* A row that was due in from..until waited for the disk of its side, and that one died before it
 * was stored: with room again it tries a second later. */
static bool unsaved(const struct history *h, uint32_t pair, int64_t from, int64_t until)
{
    for (uint32_t i = 0; i < h->outages_n; i++) {
        const struct history_outage *disk = &h->outages[i];
        const struct topology_proc *p = topology_proc_of(h->topology, disk->proc);
        if (p == NULL || p->kind != PROC_PG || p->pair != pair ||
            strstr(disk->what, "disk") == NULL || disk->from > until || disk->until < from) {
            continue;
        }
        int64_t stored = disk->until == HISTORY_FOREVER ? disk->until : disk->until + RETRY_US;
        for (uint32_t k = 0; k < h->outages_n; k++) {
            const struct history_outage *o = &h->outages[k];
            if (proc_id_eq(o->proc, disk->proc) && !o->network && !history_hangs(o) &&
                o->from >= from && o->from <= stored) {
                return true;
            }
        }
    }
    return false;
}

/* The same outcomes, and those with one row less. */
static uint32_t without_one(uint32_t set)
{
    uint32_t less = set;
    for (uint32_t p = 0; p <= EXPECT_PARTIALS_MAX; p++) {
        for (uint32_t w = 0; w <= EXPECT_WHOLES_MAX; w++) {
            bool in = (set & EXPECT_BIT(p, w)) != 0;
            less |= in && p > 0 ? EXPECT_BIT(p - 1, w) : 0;
            less |= in && w > 0 ? EXPECT_BIT(p, w - 1) : 0;
        }
    }
    return less;
}

/* Where no row is whole, one that is cut more. */
static uint32_t with_one(uint32_t set)
{
    uint32_t more = 0;
    for (uint32_t p = 0; p < EXPECT_PARTIALS_MAX; p++) {
        more |= (set & EXPECT_BIT(p, 0)) != 0 ? EXPECT_BIT(p + 1, 0) : 0;
    }
    return more;
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

/* Somebody paused in the time of the leg. */
static bool paused(const struct history *h, const struct expect_leg *what)
{
    for (uint32_t i = 0; i < h->outages_n; i++) {
        const struct history_outage *o = &h->outages[i];
        if (history_hangs(o) && o->from <= what->end_us + EXPECT_SLACK_US &&
            what->begin_us <= expect_felt_until(h, o)) {
            return true;
        }
    }
    return false;
}

#define MOMENTS_MAX 8

/* When something that happened at `at` may have come for the pair: then, on the other side of a
 * boundary that is near, or within a window that begins near it and is shorter than that. */
static uint32_t moments(const struct history *h, uint32_t pair, int64_t at,
                        int64_t ret[MOMENTS_MAX])
{
    uint32_t n = 0;
    ret[n++] = at;
    ret[n++] = at - EXPECT_SLACK_US;
    ret[n++] = at + EXPECT_SLACK_US;
    for (uint32_t i = 0; i < h->windows_n && n < MOMENTS_MAX; i++) {
        const struct history_window *w = &h->windows[i];
        if (w->pair == pair && llabs(w->from - at) <= EXPECT_SLACK_US) {
            ret[n++] = w->from + 1;
        }
    }
    return n;
}

uint32_t expect_rows(const struct history *h, const struct expect_leg *what, uint32_t *ret_exact)
{
    const struct expect_variant plain = {.early = false};
    int64_t begins[MOMENTS_MAX], ends[MOMENTS_MAX];
    uint32_t begins_n = moments(h, what->pair, what->begin_us, begins);
    uint32_t ends_n = moments(h, what->pair, what->end_us, ends);
    bool open_end = end_is_open(h, what);
    uint32_t set = 0;
    *ret_exact = expect_course_follow(h, what, what->begin_us, what->end_us, plain);
    unsigned tolds = paused(h, what) ? EXPECT_TOLDS : 1;
    for (unsigned k = 0; k < 8 * tolds * begins_n * ends_n; k++) {
        struct expect_variant v = {.early = (k & 1) != 0,
                                   .missing = (k & 2) != 0,
                                   .no_whole = (k & 4) != 0 && open_end,
                                   .told = (enum expect_told)(k / 8 % tolds)};
        int64_t begin = begins[k / (8 * tolds) % begins_n];
        int64_t end = ends[k / (8 * tolds * begins_n)];
        set |= expect_course_follow(h, what, begin, end > begin ? end : begin + 1, v);
    }
    if (wrapup_unwritten(h, what)) {
        set |= without_whole(set);
    }
    if (what->crossed) { /* he hung up while he was on his way to the agent, whose row it is */
        set |= without_whole(set);
    }
    struct expect_felt felt = expect_felt_by(h, what);
    if (felt.unheard) { /* all of it is told after the silence, and cut by what followed from that
                         */
        set |= EXPECT_BIT(1, 0);
    }
    if (felt.overlap || felt.silence) {
        set |= expect_felt_mixed(h, what, &felt);
    }
    if (felt.faults > 0 && what->end_us - what->begin_us < EXPECT_SLACK_US) {
        set |= EXPECT_BIT(0, false); /* it was over before its begin was told */
    }
    int64_t due = what->end_us + expect_wrapup_most(h) + EXPECT_SLACK_US;
    if (unsaved(h, what->pair, what->end_us - EXPECT_SLACK_US, due)) {
        set = without_one(set);
    }
    for (uint32_t cuts = cuts_at_point(h, what); cuts > 0; cuts--) {
        set |= with_one(set);
    }
    return set;
}
