#include "cluster/check/sentence_cut.h"

#include "cluster/check/judges.h"
#include "cluster/check/sentence.h"
#include "cluster/check/sentence_pg.h"

#include <string.h>

#define MS              1000
#define CUTS_MAX        32
#define NOTICE_SLACK_US INT64_C(700000)

struct span {
    int64_t from, until;
};

/* What was cut around the side that was active at first. */
struct cuts {
    struct sentence_sides sides;
    uint32_t all_n, private_n;
    struct span all[CUTS_MAX], private[CUTS_MAX];
};

/* false: none was, and that is said. */
static bool find(const struct history *h, struct check_result *ret, struct cuts *ret_cuts)
{
    *ret_cuts = (struct cuts){.all_n = 0};
    (void)sentence_switches(h, &ret_cuts->sides);
    for (uint32_t i = history_first(h); i < h->outages_n && proc_id_some(ret_cuts->sides.before);
         i++) {
        const struct history_outage *o = &h->outages[i];
        bool about = o->network && proc_id_eq(o->proc, ret_cuts->sides.before) &&
                     strstr(o->what, "partition") != NULL;
        if (about && ret_cuts->all_n < CUTS_MAX) {
            ret_cuts->all[ret_cuts->all_n++] = (struct span){o->from, o->until};
        }
        if (about && ret_cuts->private_n < CUTS_MAX && strstr(o->what, "private") != NULL) {
            ret_cuts->private[ret_cuts->private_n++] = (struct span){o->from, o->until};
        }
    }
    if (ret_cuts->all_n == 0) {
        check_say(ret, VERDICT_INCONCLUSIVE, "no network was cut around an active PG side");
    }
    return ret_cuts->all_n > 0;
}

static bool find_private(const struct history *h, struct check_result *ret, struct cuts *ret_cuts)
{
    if (find(h, ret, ret_cuts) && ret_cuts->private_n == 0) {
        check_say(ret, VERDICT_INCONCLUSIVE, "the private network was not cut");
    }
    return ret_cuts->private_n > 0;
}

/* The first event of a kind by `proc` within a span, or NULL. */
static const struct event *first(const struct history *h, enum event_kind kind, struct proc_id proc,
                                 const struct span *span)
{
    for (size_t i = 0; i < h->events_n; i++) {
        const struct event *e = &h->events[i];
        if (e->kind == kind && proc_id_eq(e->proc, proc) && e->at.us >= span->from &&
            e->at.us < span->until) {
            return e;
        }
    }
    return NULL;
}

/* How long after the cut the side missed its peer; FOREVER: it did not. */
static int64_t missed(const struct history *h, struct proc_id side, const struct span *cut)
{
    for (size_t i = 0; i < h->events_n; i++) {
        const struct event *e = &h->events[i];
        if (e->kind == EVENT_LINK_DOWN && proc_id_eq(e->proc, side) &&
            strcmp(e->text, "private") == 0 && e->at.us >= cut->from && e->at.us < cut->until) {
            return e->at.us - cut->from;
        }
    }
    return HISTORY_FOREVER;
}

void sentence_cut_noticed(const struct history *h, struct check_result *ret)
{
    struct cuts c;
    const struct topology_timers *t = &h->topology->timers;
    int64_t bound = t->private_heartbeat.us * ((int64_t)t->private_misses + 1) + NOTICE_SLACK_US;
    int64_t slowest = 0;
    uint64_t good = 0, late = 0;
    if (!find_private(h, ret, &c)) {
        return;
    }
    for (uint32_t i = 0; i < c.private_n; i++) {
        int64_t a = missed(h, c.sides.before, &c.private[i]);
        int64_t b = missed(h, c.sides.other, &c.private[i]);
        int64_t both = a > b ? a : b;
        good += both <= bound ? 1 : 0;
        late += both <= bound ? 0 : 1;
        slowest = both != HISTORY_FOREVER && both > slowest ? both : slowest;
    }
    check_say(ret, check_verdict(good, late),
              "%u cuts of the private network, noticed by both sides after %lld ms at most; the "
              "bound is %lld ms, %llu times it was not kept",
              c.private_n, (long long)(slowest / MS), (long long)(bound / MS),
              (unsigned long long)late);
}

void sentence_cut_keeps(const struct history *h, struct check_result *ret)
{
    struct cuts c;
    if (!find_private(h, ret, &c)) {
        return;
    }
    const struct span *cut = &c.private[0];
    bool gave_up = first(h, EVENT_PG_STANDBY, c.sides.before, cut) != NULL;
    bool taken = first(h, EVENT_PG_ACTIVE, c.sides.other, cut) != NULL;
    check_say(ret, check_verdict(1, gave_up || taken), "%s %s active, %s %s",
              topology_name(h->topology, c.sides.before), gave_up ? "was no longer" : "stayed",
              topology_name(h->topology, c.sides.other), taken ? "was, too" : "was not");
}

/* The other side took over during this cut, in time and with all monitors. */
static void judge_change(const struct history *h, const struct cuts *c, const struct span *cut,
                         struct check_result *ret)
{
    const struct event *up = first(h, EVENT_PG_ACTIVE, c->sides.other, cut);
    uint64_t due = sentence_pg_monitors(h, h->topology->procs[c->sides.other.v - 1].pair);
    if (up == NULL) {
        check_say(ret, VERDICT_FAIL, "%s was not active meanwhile",
                  topology_name(h->topology, c->sides.other));
        return;
    }
    bool in_time = up->at.us - cut->from <= h->topology->timers.live_bound.us;
    bool all = up->value2 >= 0 && (uint64_t)up->value2 >= due;
    check_say(ret, in_time && all ? VERDICT_PASS : VERDICT_FAIL,
              "%s active %lld ms after the cut, with %lld of %llu monitors, under epoch %lld",
              topology_name(h->topology, c->sides.other), (long long)((up->at.us - cut->from) / MS),
              (long long)up->value2, (unsigned long long)due, (long long)up->value);
}

void sentence_cut_heavier(const struct history *h, struct check_result *ret)
{
    struct cuts c;
    if (find_private(h, ret, &c)) {
        judge_change(h, &c, &c.private[c.private_n - 1], ret);
    }
}

void sentence_cut_taken(const struct history *h, struct check_result *ret)
{
    struct cuts c;
    if (find(h, ret, &c)) {
        judge_change(h, &c, &c.all[0], ret);
    }
}

void sentence_cut_lets_go(const struct history *h, struct check_result *ret)
{
    struct cuts c;
    if (!find(h, ret, &c)) {
        return;
    }
    const struct span *cut = &c.all[c.all_n - 1];
    const struct event *down = first(h, EVENT_PG_STANDBY, c.sides.before, cut);
    bool in_time = down != NULL && down->at.us - cut->from <= h->topology->timers.live_bound.us;
    check_say(ret, in_time ? VERDICT_PASS : VERDICT_FAIL, "%s let go after %lld ms",
              topology_name(h->topology, c.sides.before),
              down != NULL ? (long long)((down->at.us - cut->from) / MS) : -1LL);
}

void sentence_cut_one(const struct history *h, struct check_result *ret)
{
    struct cuts c;
    if (!find(h, ret, &c)) {
        return;
    }
    uint32_t pair = h->topology->procs[c.sides.before.v - 1].pair;
    int64_t newest = 0;
    uint64_t grants = 0, old = 0;
    struct check_result one = {.verdict = VERDICT_INCONCLUSIVE};
    check_pg_1(h, &one);
    for (size_t i = 0; i < h->events_n; i++) {
        const struct event *e = &h->events[i];
        const struct topology_proc *p =
            e->kind == EVENT_PG_GRANTED ? topology_proc_of(h->topology, e->peer) : NULL;
        if (p != NULL && p->pair == pair) {
            grants++;
            old += e->value < newest ? 1 : 0;
            newest = e->value > newest ? e->value : newest;
        }
    }
    check_say(ret, check_verdict(grants, old + (one.verdict == VERDICT_FAIL ? 1 : 0)),
              "%llu grants, the last epoch %lld, %llu under an older one than before; %s",
              (unsigned long long)grants, (long long)newest, (unsigned long long)old, one.observed);
}

void sentence_cut_routed(const struct history *h, struct check_result *ret)
{
    struct cuts c;
    uint64_t with = 0, calls = 0;
    if (!find(h, ret, &c)) {
        return;
    }
    for (uint32_t k = 0; k < c.all_n; k++) {
        uint64_t routed = 0;
        for (size_t i = 0; i < h->events_n; i++) {
            const struct event *e = &h->events[i];
            routed += e->kind == EVENT_ROUTED && e->value2 == ROUTE_LABEL &&
                      e->at.us >= c.all[k].from && e->at.us < c.all[k].until;
        }
        with += routed > 0 ? 1 : 0;
        calls += routed;
    }
    check_say(ret, check_verdict(with, c.all_n - with),
              "%llu calls were routed meanwhile; in %llu of %u cuts some were",
              (unsigned long long)calls, (unsigned long long)with, c.all_n);
}

/* When the last cut was healed; FOREVER: it was not, and that is said. */
static int64_t healed(const struct cuts *c, struct check_result *ret)
{
    int64_t last = 0;
    for (uint32_t i = 0; i < c->all_n; i++) {
        last = c->all[i].until > last ? c->all[i].until : last;
    }
    if (last == HISTORY_FOREVER) {
        check_say(ret, VERDICT_INCONCLUSIVE, "the network was not healed");
    }
    return last;
}

/* It may have the state before the network is whole: the private one may have been all the time. */
void sentence_cut_stands_by(const struct history *h, struct check_result *ret)
{
    struct cuts c;
    if (!find(h, ret, &c)) {
        return;
    }
    struct span since = {healed(&c, ret), HISTORY_FOREVER};
    struct span all = {c.all[0].from, HISTORY_FOREVER};
    if (since.from == HISTORY_FOREVER) {
        return;
    }
    const struct event *down = first(h, EVENT_PG_STANDBY, c.sides.before, &all);
    struct span after = {down != NULL ? down->at.us : HISTORY_FOREVER, HISTORY_FOREVER};
    bool synced = first(h, EVENT_PG_SYNCED, c.sides.before, &after) != NULL;
    bool active = first(h, EVENT_PG_ACTIVE, c.sides.before, &since) != NULL;
    check_say(ret, check_verdict(synced, !synced || active),
              "%s was %s the state of %s; since the network is whole it was %s",
              topology_name(h->topology, c.sides.before), synced ? "given" : "never given",
              topology_name(h->topology, c.sides.other), active ? "active" : "not active");
}

void sentence_cut_stays(const struct history *h, struct check_result *ret)
{
    struct cuts c;
    struct proc_id active = {0};
    uint64_t changes = 0;
    if (!find(h, ret, &c)) {
        return;
    }
    int64_t since = healed(&c, ret);
    for (size_t i = 0; i < h->events_n && since != HISTORY_FOREVER; i++) {
        const struct event *e = &h->events[i];
        bool of_pair = proc_id_eq(e->proc, c.sides.before) || proc_id_eq(e->proc, c.sides.other);
        if (e->kind == EVENT_PG_ACTIVE && of_pair) {
            changes += e->at.us >= since && !proc_id_eq(e->proc, active) ? 1 : 0;
            active = e->proc;
        }
    }
    if (since != HISTORY_FOREVER) {
        check_say(ret, check_verdict(proc_id_some(active) ? 1 : 0, changes),
                  "%s is active; %llu changes since the network is whole",
                  topology_name(h->topology, active), (unsigned long long)changes);
    }
}
