#include "cluster/check/ledger.h"

#include <stdlib.h>
#include <string.h>

#define BIT(class) (1u << (class))
/* A silent death is found at most this much later. */
#define SILENCE_US INT64_C(3000000)

const char *ledger_class_text(enum ledger_class class)
{
    static const char *const texts[LEDGER_CLASSES] = {
        "ok", "truncated", "split", "unseen", "lost", "duplicate", "unexplained", "left_out"};
    return class < LEDGER_CLASSES ? texts[class] : "?";
}

/* The time for which a leg goes on at its agent after the parties hung up. */
static int64_t wrapup_most(const struct history *h)
{
    return h->topology->timers.mesh_heartbeat.us + h->topology->traffic.wrapup_mean.us * 3 / 2;
}

/* The phone's own CallManager died (or the node) at about `at`: nothing is heard of it any more. */
static bool phone_cut(const struct history *h, struct device_id device, int64_t at)
{
    for (uint32_t i = 0; i < h->outages_n; i++) {
        const struct history_outage *o = &h->outages[i];
        if (!o->network && o->service != SERVICE_CTIMANAGER &&
            history_kind(h, o->proc) == PROC_NODE && o->from <= at + LEDGER_SLACK_US &&
            o->until > at && proc_id_eq(history_home(h, device, o->from), o->proc)) {
            return true;
        }
    }
    return false;
}

/* `early`: the new side learns of this phone's calls as soon as it is granted; else only when it is
 * active. The truth is in between, when the phone's monitor is confirmed. */
static enum ledger_class predict_at(const struct history *h, struct device_id device, uint32_t pair,
                                    int64_t begin, int64_t end, bool early)
{
    for (uint32_t i = 0; i < h->windows_n; i++) {
        const struct history_window *w = &h->windows[i];
        int64_t until = early ? w->seen_from : w->until;
        if (w->pair != pair || begin >= until || end <= w->from) {
            continue;
        }
        if (begin < w->from) {
            bool seen_again = end > until && !phone_cut(h, device, w->from);
            return seen_again ? LEDGER_SPLIT : LEDGER_TRUNCATED;
        }
        return end <= until ? LEDGER_UNSEEN : LEDGER_OK;
    }
    for (uint32_t i = 0; i < h->outages_n; i++) {
        const struct history_outage *o = &h->outages[i];
        if (!o->network && o->service != SERVICE_CTIMANAGER &&
            history_kind(h, o->proc) == PROC_NODE && begin < o->from && o->from < end &&
            proc_id_eq(history_home(h, device, o->from), o->proc)) {
            return LEDGER_TRUNCATED;
        }
    }
    return LEDGER_OK;
}

static bool near_outage(const struct history *h, int64_t from, int64_t until)
{
    for (uint32_t i = 0; i < h->outages_n; i++) {
        if (h->outages[i].from >= from && h->outages[i].from <= until) {
            return true;
        }
    }
    return false;
}

/* Something was wrong somewhere in that time, or shortly before it. */
static bool disturbed(const struct history *h, int64_t from, int64_t until)
{
    for (uint32_t i = 0; i < h->outages_n; i++) {
        const struct history_outage *o = &h->outages[i];
        bool over = o->until != HISTORY_FOREVER && o->until + SILENCE_US < from;
        if (o->from <= until && !over) {
            return true;
        }
    }
    return false;
}

uint32_t ledger_predict(const struct history *h, const struct history_leg *leg, uint32_t pair,
                        enum ledger_class *ret_predicted)
{
    static const int64_t shifts[3] = {0, -LEDGER_SLACK_US, LEDGER_SLACK_US};
    uint32_t allowed = 0;
    *ret_predicted = predict_at(h, leg->device, pair, leg->begin_us, leg->end_us, false);
    for (size_t b = 0; b < 3; b++) {
        for (size_t e = 0; e < 3; e++) {
            int64_t begin = leg->begin_us + shifts[b], end = leg->end_us + shifts[e];
            end = end > begin ? end : begin + 1;
            allowed |= BIT(predict_at(h, leg->device, pair, begin, end, false));
            allowed |= BIT(predict_at(h, leg->device, pair, begin, end, true));
        }
    }
    /* The agent was still in wrap-up when the view was lost: the row was written then. */
    int64_t wrapup = leg->end_us + wrapup_most(h);
    for (uint32_t i = 0; i < h->windows_n; i++) {
        const struct history_window *w = &h->windows[i];
        if (w->pair == pair && leg->end_us <= w->from && w->from <= wrapup) {
            allowed |= BIT(LEDGER_TRUNCATED);
        }
    }
    if (near_outage(h, leg->end_us, wrapup)) {
        allowed |= BIT(LEDGER_TRUNCATED);
    }
    /* Not this phone's CallManager died, but that of the other party or of the call. */
    if (leg->reason == REASON_DROPPED_IN_SETUP && disturbed(h, leg->begin_us, leg->end_us)) {
        allowed |= BIT(LEDGER_TRUNCATED);
    }
    /* Whether a leg that lost a CallManager is seen again by the new side is the phone's luck. */
    if (leg->preserved && (allowed & BIT(LEDGER_SPLIT)) != 0) {
        allowed |= BIT(LEDGER_TRUNCATED);
    }
    return allowed;
}

/* Calls that ended before a route point could take them leave no row. */
static bool never_offered(enum reason reason)
{
    return reason == REASON_UNREGISTERED || reason == REASON_BUSY || reason == REASON_NO_QUORUM ||
           reason == REASON_THROTTLED || reason == REASON_UNKNOWN_NUMBER || reason == REASON_FULL ||
           reason == REASON_NOT_OWNER || reason == REASON_OLD_EPOCH ||
           reason == REASON_DROPPED_IN_SETUP || reason == REASON_SHUTDOWN;
}

static bool has_agent_leg(const struct history *h, struct call_id call)
{
    for (size_t i = 0; i < h->legs_n; i++) {
        if (agent_id_some(h->legs[i].agent) && call_id_eq(h->legs[i].call, call)) {
            return true;
        }
    }
    return false;
}

static uint32_t dialled_pair(const struct topology *t, const char *number)
{
    for (uint32_t i = 0; i < t->dialled_n; i++) {
        if (strcmp(t->dialled[i].number, number) == 0) {
            return t->dialled[i].pair;
        }
    }
    return 0;
}

/* When the caller's part at the route point was over: a call that reached an agent is the agent's
 * from then on, and leaves no row at the route point. */
static int64_t left_route_point(const struct history *h, const struct history_leg *leg)
{
    int64_t left = leg->answer_us != 0 ? leg->answer_us : leg->end_us;
    for (size_t i = 0; i < h->legs_n; i++) {
        const struct history_leg *other = &h->legs[i];
        if (agent_id_some(other->agent) && call_id_eq(other->call, leg->call) &&
            other->begin_us < left) {
            left = other->begin_us;
        }
    }
    return left;
}

/* Some node that may have held the route point was lost meanwhile: the PG saw its calls end. */
static bool route_point_cut(const struct history *h, const char *number, int64_t from,
                            int64_t until)
{
    const struct topology *t = h->topology;
    const struct topology_group *group = NULL;
    for (uint32_t i = 0; i < t->dialled_n; i++) {
        if (strcmp(t->dialled[i].number, number) == 0) {
            group = &t->groups[t->dialled[i].group];
        }
    }
    for (uint32_t i = 0; group != NULL && i < h->outages_n; i++) {
        const struct history_outage *o = &h->outages[i];
        bool meanwhile = o->service != SERVICE_CTIMANAGER && o->from <= until + LEDGER_SLACK_US &&
                         o->from >= from - LEDGER_SLACK_US;
        for (uint32_t k = 0; k < group->members_n && meanwhile; k++) {
            if (proc_id_eq(o->proc, group->members[k])) {
                return true;
            }
        }
    }
    return false;
}

static bool in_window(const struct history *h, uint32_t pair, int64_t from, int64_t until)
{
    for (uint32_t i = 0; i < h->windows_n; i++) {
        const struct history_window *w = &h->windows[i];
        if (w->pair == pair && w->from <= until && from < w->until) {
            return true;
        }
    }
    return false;
}

/* A call that waits at a route point while the PG switches is cut there once, and goes on: its next
 * row is the agent's, or, if it ends there, the route point's. */
static uint32_t predict_route_point(const struct history *h, const struct history_leg *leg,
                                    uint32_t pair, enum ledger_class *ret_predicted)
{
    struct history_leg there = *leg;
    there.end_us = left_route_point(h, leg);
    uint32_t allowed = ledger_predict(h, &there, pair, ret_predicted);
    bool went_on = leg->answer_us != 0 || has_agent_leg(h, leg->call);
    if (went_on && (allowed & BIT(LEDGER_SPLIT)) != 0) {
        allowed |= BIT(LEDGER_TRUNCATED);
        *ret_predicted = *ret_predicted == LEDGER_SPLIT ? LEDGER_TRUNCATED : *ret_predicted;
    }
    if (route_point_cut(h, leg->to, leg->begin_us, there.end_us)) {
        allowed |= BIT(LEDGER_TRUNCATED) | (went_on ? 0 : BIT(LEDGER_SPLIT));
    }
    if (!in_window(h, pair, leg->begin_us - LEDGER_SLACK_US, there.end_us + LEDGER_SLACK_US)) {
        allowed |= BIT(LEDGER_OK); /* that the caller's own phone is lost is no news there */
    }
    return allowed;
}

static void enter(const struct history *h, struct ledger *l, uint32_t index)
{
    const struct history_leg *leg = &h->legs[index];
    struct ledger_entry entry = {.leg = index, .found = LEDGER_LEFT_OUT};
    uint32_t pair = 0;
    struct agent_info info;
    if (topology_agent_by_device(h->topology, leg->device, &info)) {
        pair = info.pair;
    } else if (!leg->incoming && (pair = dialled_pair(h->topology, leg->to)) != 0) {
        entry.at_route_point = true;
        entry.may_be_none =
            never_offered(leg->reason) || leg->answer_us != 0 || has_agent_leg(h, leg->call);
    } else {
        return; /* nobody watches this phone */
    }
    entry.allowed = entry.at_route_point ? predict_route_point(h, leg, pair, &entry.predicted)
                                         : ledger_predict(h, leg, pair, &entry.predicted);
    for (uint32_t i = 0; i < h->windows_n; i++) {
        const struct history_window *w = &h->windows[i];
        if (!w->injected && w->pair == pair && leg->begin_us < w->until &&
            (leg->open || leg->end_us > w->from)) {
            entry.predicted = LEDGER_LEFT_OUT; /* before the first activation */
        }
    }
    if (leg->open) {
        entry.predicted = LEDGER_LEFT_OUT;
    }
    l->entries[l->entries_n++] = entry;
}

/* How well a row fits a leg: 0 not at all, 3 by call and phone. */
static int fit(const struct history *h, const struct ledger_entry *entry,
               const struct history_row *row)
{
    const struct history_leg *leg = &h->legs[entry->leg];
    bool call = call_id_eq(row->call, leg->call) ||
                (call_id_some(leg->moved_from) && call_id_eq(row->call, leg->moved_from));
    if (entry->at_route_point) {
        bool nobody = !agent_id_some(row->agent) &&
                      (row->instrument[0] == '\0' || strcmp(row->instrument, leg->to) == 0);
        return call && nobody ? 3 : 0;
    }
    bool phone = strcmp(row->instrument, leg->number) == 0 ||
                 (row->instrument[0] == '\0' && agent_id_some(row->agent) &&
                  agent_id_eq(row->agent, leg->agent));
    if (call && phone) {
        return 3;
    }
    /* A leg that was transferred or joined is known by its other call's name to one of the two. */
    int64_t most = wrapup_most(h) + LEDGER_DELIVERY_US;
    bool time = row->at_us >= leg->begin_us && (leg->open || row->at_us <= leg->end_us + most);
    return phone && time ? 1 : 0;
}

static bool take(struct ledger_entry *entry, uint32_t row)
{
    if (entry->rows_n < LEDGER_ROWS_MAX) {
        entry->rows[entry->rows_n] = row;
    }
    entry->rows_n++;
    return true;
}

/* The nearest in time among the legs that fit at least `least`; a leg without rows goes first. */
static struct ledger_entry *best(const struct history *h, struct ledger *l,
                                 const struct history_row *row, int least)
{
    struct ledger_entry *found = NULL;
    int64_t nearest = 0;
    for (size_t i = 0; i < l->entries_n; i++) {
        struct ledger_entry *entry = &l->entries[i];
        if (entry->leg == UINT32_MAX || fit(h, entry, row) < least) {
            continue;
        }
        if (least < 3 && entry->rows_n > 0) {
            continue;
        }
        int64_t away = llabs(h->legs[entry->leg].end_us - row->at_us);
        bool better = found == NULL || away < nearest;
        if (better) {
            found = entry;
            nearest = away;
        }
    }
    return found;
}

static void match(const struct history *h, struct ledger *l)
{
    bool *taken = calloc(h->rows_n + 1, sizeof taken[0]);
    for (int least = 3; taken != NULL && least >= 1; least -= 2) {
        for (uint32_t i = 0; i < h->rows_n; i++) {
            struct ledger_entry *entry = taken[i] ? NULL : best(h, l, &h->rows[i], least);
            if (entry != NULL) {
                taken[i] = take(entry, i);
            }
        }
    }
    for (uint32_t i = 0; taken != NULL && i < h->rows_n; i++) {
        if (!taken[i]) {
            struct ledger_entry *entry = &l->entries[l->entries_n++];
            *entry = (struct ledger_entry){.leg = UINT32_MAX, .found = LEDGER_UNEXPLAINED};
            take(entry, i);
        }
    }
    free(taken);
}

static uint32_t partials(const struct history *h, const struct ledger_entry *entry)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < entry->rows_n && i < LEDGER_ROWS_MAX; i++) {
        n += h->rows[entry->rows[i]].partial ? 1 : 0;
    }
    return n;
}

static enum ledger_class either(const struct ledger_entry *entry, enum ledger_class class,
                                enum ledger_class otherwise)
{
    return (entry->allowed & BIT(class)) != 0 ? class : otherwise;
}

static enum ledger_class classify(const struct history *h, const struct ledger_entry *entry)
{
    uint32_t partial = partials(h, entry);
    switch (entry->rows_n) {
    case 0:
        return entry->may_be_none ? LEDGER_LEFT_OUT : either(entry, LEDGER_UNSEEN, LEDGER_LOST);
    case 1:
        if (partial == 1) {
            enum ledger_class cut = either(entry, LEDGER_TRUNCATED, LEDGER_UNEXPLAINED);
            /* The second row is missing: that is a lost record, not a strange one. */
            return cut == LEDGER_UNEXPLAINED
                       ? either(entry, LEDGER_SPLIT, cut) == LEDGER_SPLIT ? LEDGER_LOST : cut
                       : cut;
        }
        return entry->may_be_none ? LEDGER_LEFT_OUT : either(entry, LEDGER_OK, LEDGER_UNEXPLAINED);
    case 2:
        /* Whether a leg of a phone that lost its CallManager is seen again is the phone's luck. */
        return partial >= 1 && (entry->allowed & (BIT(LEDGER_SPLIT) | BIT(LEDGER_TRUNCATED))) != 0
                   ? LEDGER_SPLIT
                   : LEDGER_DUPLICATE;
    default:
        return LEDGER_DUPLICATE;
    }
}

static bool too_young(const struct history *h, const struct ledger_entry *entry)
{
    int64_t most = wrapup_most(h) + LEDGER_DELIVERY_US;
    return h->legs[entry->leg].end_us + most > h->end_us;
}

static void judge(const struct history *h, struct ledger *l, struct ledger_entry *entry)
{
    if (entry->leg != UINT32_MAX) {
        entry->found = classify(h, entry);
        bool bad = entry->found >= LEDGER_LOST;
        if (entry->predicted == LEDGER_LEFT_OUT || (bad && too_young(h, entry))) {
            entry->found = LEDGER_LEFT_OUT;
        }
    }
    l->by_class[entry->found]++;
    l->calls += entry->found != LEDGER_LEFT_OUT ? 1 : 0;
    if (entry->found == LEDGER_UNSEEN) {
        bool inside = false;
        for (uint32_t i = 0; i < h->windows_n; i++) {
            inside = inside || h->windows[i].injected;
        }
        l->unseen_outside += inside ? 0 : 1;
    }
}

static const char *why_inconclusive(const struct history *h)
{
    for (uint32_t i = 0; i < h->outages_n; i++) {
        if (history_kind(h, h->outages[i].proc) == PROC_FLEET && h->outages[i].injected &&
            !h->outages[i].network) {
            return "the fleet was killed, and it is the only witness";
        }
    }
    return !h->rows_known   ? "the record database was not read"
           : h->legs_n == 0 ? "the fleet logged no leg"
                            : NULL;
}

enum err ledger_make(const struct history *h, struct ledger *ret_ledger)
{
    struct ledger *l = ret_ledger;
    *l = (struct ledger){.why_not = why_inconclusive(h)};
    l->conclusive = l->why_not == NULL;
    l->entries = calloc(h->legs_n + h->rows_n + 1, sizeof l->entries[0]);
    if (l->entries == NULL) {
        return ERR_MEMORY;
    }
    for (size_t i = 0; i < h->legs_n; i++) {
        enter(h, l, (uint32_t)i);
    }
    if (h->rows_known) {
        match(h, l);
        for (size_t i = 0; i < l->entries_n; i++) {
            judge(h, l, &l->entries[i]);
        }
    }
    return ERR_OK;
}

void ledger_free(struct ledger *ledger)
{
    free(ledger->entries);
    ledger->entries = NULL;
}
