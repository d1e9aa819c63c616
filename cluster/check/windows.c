#include "cluster/check/windows.h"

#include <string.h>

/* A side that wakes up knows within this time whether it is what it was. */
#define AWAKE_US INT64_C(2000000)

/* What is known of one pair while its events pass by. */
struct watch {
    struct history *h;
    uint32_t pair;
    struct proc_id active;    /* the side that was active last */
    struct proc_id granted;   /* the side that takes over, while a window is open */
    struct history_window *w; /* the open one, or NULL */
    bool paused;              /* it was opened by a fault that the side may survive */
    struct proc_id by;        /* whom that fault met: the side, or its CTI Manager's node */
    int64_t by_us;            /* when */
    int64_t healed_us;        /* the end of that fault, or FOREVER */
    bool unsure;              /* the side slept for so long that it only acts when it is granted */
    int64_t acts_under[PROCS_MAX + 1]; /* the epoch in which a side says that it acts; 0: none */
    struct proc_id beside; /* who was active when `active` was granted its old epoch again */
};

static bool of_pair(const struct watch *k, struct proc_id proc)
{
    const struct topology_proc *p = topology_proc_of(k->h->topology, proc);
    return p != NULL && p->kind == PROC_PG && p->pair == k->pair;
}

/* Whether this event takes a side its view of the calls. */
static bool blinds(const struct watch *k, struct proc_id side, const struct event *e)
{
    const struct topology_proc *p = topology_proc_of(k->h->topology, side);
    if (p == NULL) {
        return false;
    }
    bool its_node = proc_id_eq(e->peer, p->ctimanager_node);
    if (e->kind == EVENT_FAULT) {
        return (proc_id_eq(e->peer, side) || its_node) && !history_spares(e->text);
    }
    if (e->kind == EVENT_PG_STANDBY || e->kind == EVENT_PROVIDER_DOWN ||
        e->kind == EVENT_PROCESS_STOP) {
        return proc_id_eq(e->proc, side);
    }
    if (e->kind == EVENT_SERVICE_CRASH || e->kind == EVENT_SERVICE_STOP) {
        return proc_id_eq(e->proc, p->ctimanager_node);
    }
    return false;
}

static void met_by(struct watch *k, const struct event *e)
{
    k->by = e->peer;
    k->by_us = e->at.us;
    k->paused = e->kind == EVENT_FAULT && history_survives(e->text);
    k->healed_us = HISTORY_FOREVER;
}

static void open_window(struct watch *k, struct proc_id before, const struct event *e)
{
    struct history *h = k->h;
    if (h->windows_n == HISTORY_WINDOWS_MAX) {
        return;
    }
    k->w = &h->windows[h->windows_n++];
    *k->w = (struct history_window){.pair = k->pair,
                                    .before = before,
                                    .from = e->at.us,
                                    .told_until = e->at.us,
                                    .until = HISTORY_FOREVER,
                                    .seen_from = HISTORY_FOREVER};
    for (uint32_t i = 0; i < h->outages_n; i++) {
        k->w->injected =
            k->w->injected || (h->outages[i].injected && h->outages[i].from <= e->at.us);
    }
    k->granted = (struct proc_id){0};
    k->unsure = false;
    met_by(k, e);
}

static void close_window(struct watch *k, struct proc_id after, int64_t at)
{
    k->w->until = at;
    k->w->after = after;
    if (k->w->seen_from == HISTORY_FOREVER) {
        k->w->seen_from = at;
    }
    k->w = NULL;
}

/* The side went on after a pause as if nothing had been. */
static void forget_window(struct watch *k)
{
    ASSERT(k->w == &k->h->windows[k->h->windows_n - 1]);
    k->h->windows_n--;
    k->w = NULL;
}

/* So long its peer may have missed a side that sleeps: what it hears then it holds back until the
 * controller has granted it anew, and forgets if that never happens. */
static int64_t sleep_max_us(const struct history *h)
{
    const struct topology_timers *t = &h->topology->timers;
    return t->private_heartbeat.us * (t->private_misses - 1);
}

static void wake(struct watch *k, const struct event *e)
{
    bool itself = proc_id_eq(k->by, k->active) && strstr(e->text, "hang") != NULL;
    k->healed_us = e->at.us;
    k->unsure = k->unsure || (itself && e->at.us - k->by_us >= sleep_max_us(k->h));
}

/* The side hangs or is cut off, or was: does it come to an end by that? */
static void while_paused(struct watch *k, const struct event *e)
{
    bool healed = k->healed_us != HISTORY_FOREVER;
    bool late = healed && e->at.us - k->healed_us > AWAKE_US && !k->unsure; /* another cause */
    if (e->kind == EVENT_HEAL && history_survives(e->text) && proc_id_eq(e->peer, k->by)) {
        wake(k, e);
    } else if (e->kind == EVENT_PG_GRANTED && proc_id_eq(e->peer, k->active)) {
        if (healed) {
            forget_window(k); /* the controller said so */
        }
    } else if (blinds(k, k->active, e)) {
        if (late || (healed && e->kind == EVENT_FAULT && !k->unsure)) {
            forget_window(k);
            open_window(k, k->active, e);
        } else {
            k->w->told_until = healed && !k->unsure ? e->at.us : k->w->from;
            met_by(k, e);
        }
    } else if (e->kind == EVENT_PG_GRANTED && of_pair(k, e->peer)) {
        if (late) {
            forget_window(k);
            open_window(k, k->active, e);
        } else if (healed && !k->unsure) {
            k->w->told_until = e->at.us;
        }
        k->paused = false;
    }
}

static void while_open(struct watch *k, const struct event *e)
{
    if (e->kind == EVENT_PG_GRANTED && of_pair(k, e->peer) && !proc_id_eq(e->peer, k->granted)) {
        k->w->seen_from = e->at.us;
        k->granted = e->peer;
    } else if (blinds(k, k->granted, e) && !(e->kind == EVENT_FAULT && history_survives(e->text))) {
        /* It had begun to look, and sees no more before it was active; it may not know yet. */
        struct proc_id side = k->granted;
        close_window(k, side, e->at.us);
        open_window(k, side, e);
    }
}

/* The process that acts no more after this event; none: none. */
static struct proc_id lets_go(const struct event *e)
{
    bool ended = e->kind == EVENT_FAULT && !history_spares(e->text) && !history_survives(e->text);
    bool told = e->kind == EVENT_PG_STANDBY || e->kind == EVENT_PROVIDER_DOWN ||
                e->kind == EVENT_PROCESS_STOP;
    return ended ? e->peer : told ? e->proc : (struct proc_id){0};
}

/* Which side says that it acts, and under which epoch. */
static void note_acting(struct watch *k, const struct event *e)
{
    struct proc_id gone = lets_go(e);
    if (e->kind == EVENT_PG_ACTIVE && of_pair(k, e->proc)) {
        k->acts_under[e->proc.v] = e->value;
    } else if (of_pair(k, gone)) {
        k->acts_under[gone.v] = 0;
    } else if (e->kind == EVENT_PROCESS_START && of_pair(k, e->proc)) {
        k->acts_under[e->proc.v] = 0;
    }
}

/* The side that acts from now on: one that becomes active, or one that never ceased to be and is
 * granted its epoch again, by a controller that does not know that it was replaced; none: none. */
static struct proc_id begins_to_act(const struct watch *k, const struct event *e)
{
    if (e->kind == EVENT_PG_ACTIVE && of_pair(k, e->proc)) {
        return e->proc;
    }
    bool again = e->kind == EVENT_PG_GRANTED && of_pair(k, e->peer) && e->value != 0 &&
                 !proc_id_eq(e->peer, k->active) && k->acts_under[e->peer.v] == e->value;
    return again ? e->peer : (struct proc_id){0};
}

/* The side that was granted its old epoch again hears of its successor, which never ceased to act.
 */
static bool lets_successor(struct watch *k, const struct event *e)
{
    bool told = e->kind == EVENT_PG_STANDBY && proc_id_eq(e->proc, k->active);
    if (!told || k->acts_under[k->beside.v] == 0) {
        return false;
    }
    k->active = k->beside;
    k->beside.v = 0;
    return true;
}

static void pair_windows(struct history *h, uint32_t pair)
{
    struct watch k = {.h = h, .pair = pair};
    const struct event start = {.at = {h->begin_us}};
    open_window(&k, k.active, &start);
    k.w->injected = false; /* the start of the cluster is no fault */
    for (size_t i = 0; i < h->events_n && h->windows_n < HISTORY_WINDOWS_MAX; i++) {
        const struct event *e = &h->events[i];
        struct proc_id acts = begins_to_act(&k, e);
        note_acting(&k, e);
        if (proc_id_some(acts)) {
            bool again = e->kind == EVENT_PG_GRANTED && k.w == NULL;
            k.beside = again ? k.active : (struct proc_id){0};
            k.active = acts;
            if (k.w != NULL) {
                close_window(&k, acts, e->at.us);
            }
        } else if (k.w != NULL) {
            if (k.paused) {
                while_paused(&k, e);
            }
            if (k.w != NULL && !k.paused) {
                while_open(&k, e);
            }
        } else if (blinds(&k, k.active, e) && !lets_successor(&k, e)) {
            open_window(&k, k.active, e);
        }
    }
    if (k.w != NULL && k.paused && k.healed_us != HISTORY_FOREVER) {
        forget_window(&k);
    }
}

/* Whether a process ends at some time in from..until, or has ended: by a crash, or (`polite`) by
 * being told to. One that hangs is still there. */
static bool gone(const struct history *h, struct proc_id proc, bool polite, int64_t from,
                 int64_t until)
{
    for (uint32_t i = 0; i < h->outages_n; i++) {
        const struct history_outage *o = &h->outages[i];
        bool counts = !o->network && !history_hangs(o) && o->service == SERVICE_NONE &&
                      (polite || strstr(o->what, "stop") == NULL);
        if (counts && proc_id_eq(o->proc, proc) && o->from < until && o->until > from) {
            return true;
        }
    }
    return false;
}

/* Whether a standby slept at some time in from..until, or before, for so long that it does not
 * trust what it held, and has not got it again by `from`. */
static bool slept(const struct history *h, struct proc_id side, int64_t from, int64_t until)
{
    bool has = true;
    for (uint32_t i = 0; i < h->outages_n; i++) {
        const struct history_outage *o = &h->outages[i];
        bool long_one = o->until == HISTORY_FOREVER || o->until - o->from >= sleep_max_us(h);
        if (!proc_id_eq(o->proc, side) || o->from >= until || !long_one ||
            strstr(o->what, "hang") == NULL) {
            continue;
        }
        has = false;
        for (size_t k = 0; k < h->events_n && h->events[k].at.us <= from; k++) {
            const struct event *e = &h->events[k];
            has = has ||
                  (e->kind == EVENT_PG_SYNCED && proc_id_eq(e->proc, side) && e->at.us >= o->until);
        }
    }
    return !has;
}

/* Whether a standby held the active side's state at `at`. */
static bool synced(const struct history *h, struct proc_id side, int64_t at)
{
    bool has = false;
    for (size_t i = 0; i < h->events_n && h->events[i].at.us <= at; i++) {
        const struct event *e = &h->events[i];
        if (!proc_id_eq(e->proc, side)) {
            continue;
        }
        if (e->kind == EVENT_PG_SYNCED) {
            has = true;
        } else if (e->kind == EVENT_PROCESS_START || e->kind == EVENT_PG_STANDBY ||
                   (e->kind == EVENT_LINK_DOWN && strstr(e->text, "private") != NULL)) {
            has = false;
        }
    }
    return has;
}

/* One that was replaced while it hung wakes up unsure, and acts no more. */
static bool hangs(const struct history *h, struct proc_id proc, int64_t at)
{
    for (uint32_t i = 0; i < h->outages_n; i++) {
        const struct history_outage *o = &h->outages[i];
        if (proc_id_eq(o->proc, proc) && strstr(o->what, "hang") != NULL && o->from <= at &&
            at < o->until) {
            return true;
        }
    }
    return false;
}

static void add_both(struct history *h, uint32_t pair, int64_t from, int64_t until)
{
    if (h->both_n < HISTORY_WINDOWS_MAX) {
        h->both[h->both_n++] = (struct history_both){pair, from, until};
    }
}

static void find_both(struct history *h, uint32_t pair)
{
    struct proc_id holder = {0}, former = {0};
    int64_t since = 0; /* the former one was replaced */
    for (size_t i = 0; i < h->events_n; i++) {
        const struct event *e = &h->events[i];
        const struct topology_proc *p =
            e->kind == EVENT_PG_GRANTED ? topology_proc_of(h->topology, e->peer) : NULL;
        if (p != NULL && p->pair == pair) {
            if (proc_id_some(former) && proc_id_eq(e->peer, former)) {
                add_both(h, pair, since, e->at.us); /* it was the next one to be granted */
                former.v = 0;
            }
            /* Else the former one, if there is one, still has not heard of it. */
            if (!proc_id_some(former) && proc_id_some(holder) && !proc_id_eq(e->peer, holder)) {
                former = hangs(h, holder, e->at.us) ? former : holder;
                since = e->at.us;
            }
            holder = e->peer;
        }
        struct proc_id gone = lets_go(e);
        if (proc_id_some(former) && proc_id_eq(gone, former)) {
            add_both(h, pair, since, e->at.us);
            former = (struct proc_id){0};
        } else if (proc_id_some(gone) && proc_id_eq(gone, holder)) {
            holder = (struct proc_id){0};
        }
    }
    if (proc_id_some(former)) {
        add_both(h, pair, since, HISTORY_FOREVER);
    }
}

static struct proc_id other_side(const struct history *h, struct proc_id side, uint32_t pair)
{
    for (uint16_t v = 1; v <= h->topology->procs_n; v++) {
        const struct topology_proc *p = &h->topology->procs[v - 1];
        if (p->kind == PROC_PG && p->pair == pair && v != side.v) {
            return (struct proc_id){v};
        }
    }
    return (struct proc_id){0};
}

/* When the side itself let go of what it had in view, and wrote it; FOREVER: never. */
static int64_t wrote_at(const struct history *h, const struct history_window *w)
{
    for (size_t i = 0; i < h->events_n; i++) {
        const struct event *e = &h->events[i];
        if (e->kind == EVENT_PG_STANDBY && e->at.us >= w->from && proc_id_eq(e->proc, w->before)) {
            return e->at.us;
        }
    }
    return HISTORY_FOREVER;
}

/* The side died before it had written. The other one writes when it is granted: until then it must
 * live, and know. */
static bool is_unwritten(const struct history *h, const struct history_window *w)
{
    struct proc_id other = other_side(h, w->before, w->pair);
    int64_t granted = w->seen_from, wrote = wrote_at(h, w);
    for (size_t i = 0; i < h->events_n; i++) {
        const struct event *e = &h->events[i];
        if (e->kind == EVENT_PG_GRANTED && e->at.us >= w->from && proc_id_eq(e->peer, other)) {
            granted = e->at.us;
            break;
        }
    }
    int64_t by = granted < wrote ? granted : wrote;
    return proc_id_some(w->before) &&
           gone(h, w->before, false, w->from, by > w->from ? by : w->from + 1) &&
           (!proc_id_some(other) || gone(h, other, true, w->from, granted) ||
            slept(h, other, w->from, granted) || !synced(h, other, w->from));
}

void windows_find(struct history *h)
{
    for (uint32_t i = 0; i < h->topology->procs_n; i++) {
        const struct topology_proc *p = &h->topology->procs[i];
        if (p->kind == PROC_PG && p->side != SIDE_B && h->windows_n < HISTORY_WINDOWS_MAX) {
            pair_windows(h, p->pair);
            find_both(h, p->pair);
        }
    }
    for (uint32_t i = 0; i < h->windows_n; i++) {
        h->windows[i].unwritten = is_unwritten(h, &h->windows[i]);
    }
}
