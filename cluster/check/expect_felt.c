#include "cluster/check/expect_parts.h"

#include <string.h>

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
int64_t expect_felt_until(const struct history *h, const struct history_outage *o)
{
    int64_t last = history_silences(o) ? o->until : o->from;
    return last == HISTORY_FOREVER ? last : last + expect_news_us(h);
}

/* When the phone lost its CallManager, and the call became one that nobody watches; or the end. */
static int64_t watched_until(const struct history *h, const struct expect_leg *what)
{
    const struct history_span *span = &h->moves_of[what->device.v];
    for (uint32_t i = 0; i < span->n && what->leg->preserved && !what->at_point; i++) {
        const struct history_move *move = &h->moves[span->first + i];
        if (!proc_id_some(move->node) && move->at >= what->begin_us && move->at <= what->end_us) {
            return move->at;
        }
    }
    return what->end_us;
}

struct expect_felt expect_felt_by(const struct history *h, const struct expect_leg *what)
{
    struct expect_felt felt = {0};
    int64_t watched = watched_until(h, what);
    int64_t wrapup = expect_wrapup_most(h) + EXPECT_SLACK_US;
    int64_t over = what->end_us + wrapup; /* for the PG: its end may be told late */
    int64_t busy = 0; /* with the faults so far, which come in order of their begin */
    for (uint32_t i = 0; i < h->outages_n; i++) {
        const struct history_outage *o = &h->outages[i];
        int64_t until = expect_felt_until(h, o);
        if (over <= o->from || until <= what->begin_us || strstr(o->what, "clock") != NULL ||
            told_before(h, i)) {
            continue;
        }
        bool quiet = history_silences(o);
        felt.faults++;
        felt.overlap = felt.overlap || o->from < busy;
        bool silent = quiet && strstr(o->what, "hang") == NULL;
        felt.silence = felt.silence || silent;
        felt.unheard = felt.unheard ||
                       (quiet && o->from <= what->begin_us + EXPECT_SLACK_US && watched <= until);
        int64_t told = until == HISTORY_FOREVER ? until : until + wrapup;
        /* Who hangs tells it when it wakes up, if nothing is in the way then. */
        bool later = silent || (quiet && o->until > what->end_us);
        over = later && told > over ? told : over;
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

/* The phone, or its node, was cut off or hung: the call may have ended before the phone heard it.
 */
static bool heard_later(const struct history *h, const struct expect_leg *what)
{
    for (uint32_t i = 0; i < h->outages_n; i++) {
        const struct history_outage *o = &h->outages[i];
        enum proc_kind kind = history_kind(h, o->proc);
        if (o->from <= what->end_us && what->begin_us <= o->until &&
            (kind == PROC_FLEET || kind == PROC_NODE) && history_silences(o)) {
            return true;
        }
    }
    return false;
}

/* Both sides of the pair acted when the leg ended. */
static bool both_saw_the_end(const struct history *h, const struct expect_leg *what)
{
    int64_t end = heard_later(h, what) ? what->begin_us : what->end_us;
    for (uint32_t i = 0; i < h->both_n; i++) {
        const struct history_both *b = &h->both[i];
        if (b->pair == what->pair && b->from <= what->end_us + EXPECT_SLACK_US &&
            end - EXPECT_SLACK_US <= b->until) {
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
uint32_t expect_felt_mixed(const struct history *h, const struct expect_leg *what,
                           const struct expect_felt *felt)
{
    bool none = felt->unheard || felt->switches > 0 || what->went_on || what->rang_late ||
                what->never_offered || what->sent_on;
    uint32_t set = none ? EXPECT_BIT(0, false) : 0;
    uint32_t most = felt->faults + felt->switches;
    uint32_t taken = expect_course_dropped(what) ? taken_at_point(h, what) : 0;
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
