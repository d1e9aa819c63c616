#include "cluster/check/ledger.h"

#include <stdlib.h>
#include <string.h>

#define BIT(class) (1u << (class))

const char *ledger_class_text(enum ledger_class class)
{
    static const char *const texts[LEDGER_CLASSES] = {
        "ok", "truncated", "split", "unseen", "lost", "duplicate", "unexplained", "left_out"};
    return class < LEDGER_CLASSES ? texts[class] : "?";
}

static enum ledger_class class_of(uint32_t partial, uint32_t whole)
{
    return partial + whole == 0   ? LEDGER_UNSEEN
           : partial + whole >= 2 ? LEDGER_SPLIT
           : partial == 1         ? LEDGER_TRUNCATED
                                  : LEDGER_OK;
}

static uint32_t classes_of(uint32_t outcomes)
{
    uint32_t classes = 0;
    for (uint32_t p = 0; p <= EXPECT_PARTIALS_MAX; p++) {
        for (uint32_t w = 0; w <= EXPECT_WHOLES_MAX; w++) {
            classes |= (outcomes & EXPECT_BIT(p, w)) != 0 ? BIT(class_of(p, w)) : 0;
        }
    }
    return classes;
}

/* Before the first activation nobody was there to write. */
static bool before_the_start(const struct history *h, const struct history_leg *leg, uint32_t pair)
{
    for (uint32_t i = 0; i < h->windows_n; i++) {
        const struct history_window *w = &h->windows[i];
        if (!w->injected && w->pair == pair && leg->begin_us < w->until &&
            (leg->open || leg->end_us > w->from)) {
            return true;
        }
    }
    return false;
}

static void enter_one(const struct history *h, struct ledger *l, uint32_t index,
                      const struct expect_leg *what)
{
    struct ledger_entry *entry = &l->entries[l->entries_n++];
    uint32_t exact = 0;
    *entry = (struct ledger_entry){.leg = index,
                                   .at_route_point = what->at_point,
                                   .none_due = what->went_on || what->rang_late || what->sent_on ||
                                               what->never_offered,
                                   .found = LEDGER_LEFT_OUT};
    entry->outcomes = expect_rows(h, what, &exact);
    entry->allowed = classes_of(entry->outcomes);
    for (uint32_t c = 0; c < LEDGER_CLASSES; c++) {
        if (classes_of(exact) == BIT(c)) {
            entry->predicted = (enum ledger_class)c;
        }
    }
    if (what->leg->open || before_the_start(h, what->leg, what->pair)) {
        entry->predicted = LEDGER_LEFT_OUT;
    }
}

static void enter(const struct history *h, struct ledger *l, uint32_t index)
{
    const struct history_leg *leg = &h->legs[index];
    struct agent_info info;
    if (topology_agent_by_device(h->topology, leg->device, &info)) {
        struct expect_leg what = expect_at_phone(leg, info.pair);
        enter_one(h, l, index, &what);
    }
    for (uint32_t i = 0; i < h->topology->dialled_n && !leg->incoming; i++) {
        if (strcmp(h->topology->dialled[i].number, leg->to) == 0) {
            struct expect_leg what = expect_at_point(h, leg, h->topology->dialled[i].pair,
                                                     topology_route_point(h->topology, i));
            enter_one(h, l, index, &what);
            return;
        }
    }
}

/* Until when the row of a leg may be written: news of its end may be kept back around a fleet or a
 * node. */
static int64_t written_by(const struct history *h, const struct history_leg *leg)
{
    int64_t most = expect_wrapup_most(h) + LEDGER_DELIVERY_US;
    int64_t by = leg->end_us + most;
    for (uint32_t i = 0; i < h->outages_n; i++) { /* in the order of their begin */
        const struct history_outage *o = &h->outages[i];
        enum proc_kind kind = history_kind(h, o->proc);
        if (o->from < by && o->until > leg->end_us && (kind == PROC_FLEET || kind == PROC_NODE) &&
            history_silences(o)) {
            bool ends = o->until != HISTORY_FOREVER;
            int64_t after = ends ? o->until + expect_news_us(h) + most : o->until;
            by = after > by ? after : by;
        }
    }
    return by;
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
    bool time = row->at_us >= leg->begin_us && (leg->open || row->at_us <= written_by(h, leg));
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

/* How far a row is from a leg in time. A whole row comes after the end: an earlier one is of an
 * earlier leg there. A partial one that was written while the leg went on is of that leg. */
static int64_t away_from(const struct history_leg *leg, const struct history_row *row)
{
    if (!row->partial && row->at_us + EXPECT_SLACK_US < leg->end_us) {
        return INT64_MAX / 2;
    }
    bool within = leg->begin_us <= row->at_us && (leg->open || row->at_us <= leg->end_us);
    return row->partial && within ? 0 : llabs(leg->end_us - row->at_us);
}

static uint32_t partials(const struct history *h, const struct ledger_entry *entry)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < entry->rows_n && i < LEDGER_ROWS_MAX; i++) {
        n += h->rows[entry->rows[i]].partial ? 1 : 0;
    }
    return n;
}

/* It rang where the registry had it, and the phone knows nothing of that: none of its legs goes
 * with the time that the row tells, to the second. */
static bool rang_astray(const struct history *h, const struct history_row *row)
{
    struct device_id phone = topology_number(h->topology, row->instrument);
    int64_t begin = row->at_us - ((int64_t)row->duration_s + 1) * 1000000;
    for (size_t i = 0; i < h->legs_n; i++) {
        const struct history_leg *leg = &h->legs[i];
        if (device_id_eq(leg->device, phone) && leg->begin_us <= row->at_us &&
            (leg->open || leg->end_us >= begin)) {
            return false;
        }
    }
    return agent_id_some(row->agent) && history_astray(h, phone, row->at_us);
}

/* The nearest in time among the legs that fit at least `least`; a leg without rows goes first, and
 * a whole row goes to a leg that has none: what rang twice in one call has one of each. */
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
        bool whole = entry->rows_n > partials(h, entry);
        int64_t away = !row->partial && whole ? INT64_MAX : away_from(&h->legs[entry->leg], row);
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
            bool done = taken[i] || h->rows[i].copy;
            struct ledger_entry *entry = done ? NULL : best(h, l, &h->rows[i], least);
            bool another = entry != NULL && entry->rows_n > 0 && rang_astray(h, &h->rows[i]);
            if (entry != NULL && !another) {
                taken[i] = take(entry, i);
            }
        }
    }
    for (uint32_t i = 0; taken != NULL && i < h->rows_n; i++) {
        if (!taken[i] && !h->rows[i].copy) {
            struct ledger_entry *entry = &l->entries[l->entries_n++];
            *entry = (struct ledger_entry){.leg = UINT32_MAX, .found = LEDGER_UNEXPLAINED};
            take(entry, i);
        }
    }
    free(taken);
}

static enum ledger_class classify(const struct history *h, const struct ledger_entry *entry)
{
    uint32_t partial = partials(h, entry);
    uint32_t whole = entry->rows_n - partial;
    uint32_t least = UINT32_MAX, most = 0;
    for (uint32_t p = 0; p <= EXPECT_PARTIALS_MAX; p++) {
        for (uint32_t w = 0; w <= EXPECT_WHOLES_MAX; w++) {
            if ((entry->outcomes & EXPECT_BIT(p, w)) == 0) {
                continue;
            }
            least = p + w < least ? p + w : least;
            most = p + w > most ? p + w : most;
            if (p == partial && w == whole) {
                return p + w == 0 && entry->none_due ? LEDGER_LEFT_OUT : class_of(p, w);
            }
        }
    }
    return entry->rows_n < least  ? LEDGER_LOST
           : entry->rows_n > most ? LEDGER_DUPLICATE
                                  : LEDGER_UNEXPLAINED;
}

/* How long after the end of a leg the fleet may still wait with its line. */
static int64_t log_by(const struct history *h)
{
    return LEDGER_LOG_US + 2 * h->topology->traffic.wrapup_mean.us;
}

/* Its rows, or the lines of the other legs of its call, may still be on their way. An agent wraps
 * up when the last call at the phone is over: one that consults, long after the caller hung up. */
static bool too_young(const struct history *h, const struct ledger_entry *entry)
{
    const struct history_leg *leg = &h->legs[entry->leg];
    int64_t rows = expect_wrapup_most(h) + LEDGER_DELIVERY_US;
    int64_t ended =
        entry->at_route_point ? leg->end_us : history_busy_until(h, leg->device, leg->end_us);
    return ended == HISTORY_FOREVER || ended + (rows > log_by(h) ? rows : log_by(h)) > h->end_us;
}

/* What the events say of the leg that a row is about. */
struct told {
    int64_t first; /* event of the call; FOREVER: none */
    int64_t end;   /* 0: the fleet saw no such leg; FOREVER: it goes on */
};

static struct told told_of(const struct history *h, const struct history_row *row)
{
    struct device_id device = {0}; /* the phone of the row, or who dialled the route point */
    struct told told = {HISTORY_FOREVER, 0};
    for (size_t i = 0; i < h->events_n; i++) {
        const struct event *e = &h->events[i];
        struct device_info info;
        if (!call_id_eq(e->call, row->call)) {
            continue;
        }
        told.first = e->at.us < told.first ? e->at.us : told.first;
        if (history_kind(h, e->proc) != PROC_FLEET ||
            !topology_device(h->topology, e->device, &info)) {
            continue;
        }
        bool dials = !agent_id_some(row->agent) && e->kind == EVENT_CALL_BEGIN &&
                     strcmp(e->text, row->instrument) == 0;
        if (dials || strcmp(info.number, row->instrument) == 0) {
            device = e->device;
        }
        if (!device_id_some(device) || !device_id_eq(e->device, device)) {
            continue;
        }
        if (e->kind == EVENT_CALL_END) {
            told.end = e->at.us;
        } else if (e->kind == EVENT_CALL_BEGIN || e->kind == EVENT_CALL_STATE) {
            told.end = HISTORY_FOREVER;
        }
    }
    return told;
}

/* Something was wrong around a fleet or a node in from..until: what one said did not reach the
 * other, or too late. */
static bool apart(const struct history *h, int64_t from, int64_t until)
{
    for (uint32_t i = 0; i < h->outages_n; i++) {
        const struct history_outage *o = &h->outages[i];
        int64_t felt = o->until == HISTORY_FOREVER ? o->until : o->until + expect_news_us(h);
        enum proc_kind kind = history_kind(h, o->proc);
        if ((kind == PROC_FLEET || kind == PROC_NODE) && o->from < until && from < felt &&
            strstr(o->what, "clock") == NULL) {
            return true;
        }
    }
    return false;
}

/* A row without a line in the fleet's log has its reason: the fleet saw the leg begin, and has not
 * written yet, because it goes on or is held back for its last media and its wrap-up data; or the
 * leg never reached the phone, which was cut off from the call's CallManager, or does not know that
 * it was registered there. */
static bool unlogged(const struct history *h, const struct history_row *row)
{
    struct told told = told_of(h, row);
    if (rang_astray(h, row)) {
        return true;
    }
    if (told.end == 0) {
        struct device_id phone = topology_number(h->topology, row->instrument);
        bool astray = agent_id_some(row->agent) && history_astray(h, phone, row->at_us);
        return told.first != HISTORY_FOREVER && (apart(h, told.first, row->at_us) || astray);
    }
    return told.end == HISTORY_FOREVER || told.end + log_by(h) > h->end_us;
}

/* What was injected explains that no PG side heard of a leg: they changed while it was there or its
 * row was due; news of it was held back then; or the CallManager of its phone or route point died
 * as it began. */
static bool explains_unseen(const struct history *h, const struct ledger_entry *entry)
{
    const struct history_leg *leg = &h->legs[entry->leg];
    struct device_id device =
        entry->at_route_point ? topology_number(h->topology, leg->to) : leg->device;
    struct proc_id owner = history_owner(h, device, leg->begin_us);
    int64_t since = leg->begin_us - expect_news_us(h);
    int64_t due = leg->end_us + expect_wrapup_most(h) + expect_news_us(h);
    for (uint32_t i = 0; i < h->windows_n; i++) {
        const struct history_window *w = &h->windows[i];
        if (w->injected && w->from <= due && w->until >= since) {
            return true;
        }
    }
    for (uint32_t i = 0; i < h->outages_n; i++) {
        const struct history_outage *o = &h->outages[i];
        bool dies = proc_id_eq(o->proc, owner) && o->service != SERVICE_CTIMANAGER &&
                    o->from > leg->begin_us - EXPECT_SLACK_US &&
                    o->from < leg->begin_us + EXPECT_SLACK_US;
        bool silent = history_silences(o) && o->from <= due && o->until >= since;
        if (o->injected && (dies || silent)) {
            return true;
        }
    }
    return false;
}

static void judge(const struct history *h, struct ledger *l, struct ledger_entry *entry)
{
    if (entry->leg != UINT32_MAX) {
        entry->found = classify(h, entry);
        bool bad = entry->found >= LEDGER_LOST;
        if (entry->predicted == LEDGER_LEFT_OUT || (bad && too_young(h, entry))) {
            entry->found = LEDGER_LEFT_OUT;
        }
    } else if (unlogged(h, &h->rows[entry->rows[0]])) {
        entry->found = LEDGER_LEFT_OUT;
    }
    l->by_class[entry->found]++;
    l->calls += entry->found != LEDGER_LEFT_OUT ? 1 : 0;
    if (entry->found == LEDGER_UNSEEN) {
        l->unseen_outside += explains_unseen(h, entry) ? 0 : 1;
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
    l->entries = calloc(2 * h->legs_n + h->rows_n + 1, sizeof l->entries[0]);
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
