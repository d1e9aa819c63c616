#include "cluster/check/judges.h"

#include "proto/msg.h"

#include <string.h>

#define GRANTS_MAX 512

struct granted {
    uint32_t pair;
    int64_t epoch;
    uint16_t side;
};

static uint32_t pair_of(const struct history *h, struct proc_id proc)
{
    const struct topology_proc *p = topology_proc_of(h->topology, proc);
    return p != NULL && p->kind == PROC_PG ? p->pair : 0;
}

/* Two sides under one epoch, whoever says so: the controller that granted, the side that acts. */
void check_pg_1(const struct history *h, struct check_result *ret)
{
    struct granted all[GRANTS_MAX];
    uint32_t n = 0;
    uint64_t bad = 0;
    for (size_t i = 0; i < h->events_n; i++) {
        const struct event *e = &h->events[i];
        struct proc_id side = e->kind == EVENT_PG_GRANTED ? e->peer : e->proc;
        if ((e->kind != EVENT_PG_GRANTED && e->kind != EVENT_PG_ACTIVE) || pair_of(h, side) == 0) {
            continue;
        }
        bool known = false;
        for (uint32_t k = 0; k < n; k++) {
            if (all[k].pair == pair_of(h, side) && all[k].epoch == e->value) {
                known = true;
                bad += all[k].side != side.v ? 1 : 0;
            }
        }
        if (!known && n < GRANTS_MAX) {
            all[n++] = (struct granted){pair_of(h, side), e->value, side.v};
        }
    }
    if (bad > 0) {
        check_say(ret, VERDICT_FAIL, "%llu times two sides were active under one epoch",
                  (unsigned long long)bad);
        return;
    }
    check_say(ret, check_verdict(n, 0), "%u epochs, one active side each", n);
}

/* How many ends of the link between two processes knew it to be up at `at`. */
static int ends_up(const struct history *h, struct proc_id one, struct proc_id other,
                   enum link link, int64_t at)
{
    bool up[2] = {true, true};
    for (size_t i = 0; i < h->events_n && h->events[i].at.us <= at; i++) {
        const struct event *e = &h->events[i];
        bool own = proc_id_eq(e->proc, one) && proc_id_eq(e->peer, other);
        bool theirs = proc_id_eq(e->proc, other) && proc_id_eq(e->peer, one);
        if ((own || theirs) && (e->kind == EVENT_LINK_UP || e->kind == EVENT_LINK_DOWN) &&
            strcmp(e->text, msg_link_name(link)) == 0) {
            up[own ? 0 : 1] = e->kind == EVENT_LINK_UP;
        }
    }
    return (up[0] ? 1 : 0) + (up[1] ? 1 : 0);
}

/* A side has a path to some side of the central controller. */
static bool has_path(const struct history *h, struct proc_id side, int64_t at)
{
    for (uint16_t v = 1; v <= h->topology->procs_n; v++) {
        if (h->topology->procs[v - 1].kind == PROC_ICM &&
            ends_up(h, side, (struct proc_id){v}, LINK_CONTROLLER, at) == 2) {
            return true;
        }
    }
    return false;
}

/* A controller that came back had stored a grant that it never told: it knows of a newer epoch than
 * the one in which the side acts, grants it the next one, and the side lets go. */
static bool granted_anew(const struct history *h, const struct event *e, struct proc_id side,
                         const struct event *active)
{
    if (e->kind != EVENT_PG_GRANTED || !proc_id_eq(e->peer, side) || e->value <= active->value) {
        return false;
    }
    for (size_t i = history_from(h, active->at.us); &h->events[i] < e; i++) {
        if (h->events[i].kind == EVENT_PROCESS_START && proc_id_eq(h->events[i].proc, e->proc)) {
            return true;
        }
    }
    return false;
}

/* Whether the side lost anything between its becoming active and `until`. */
static bool failed_between(const struct history *h, const struct event *active, int64_t until)
{
    struct proc_id side = active->proc;
    int64_t from = active->at.us;
    const struct topology_proc *p = topology_proc_of(h->topology, side);
    if (p == NULL || history_disturbed(h, side, from, until) ||
        history_disturbed(h, p->ctimanager_node, from, until)) {
        return true;
    }
    for (size_t i = history_from(h, from); i < h->events_n && h->events[i].at.us <= until; i++) {
        const struct event *e = &h->events[i];
        bool own = proc_id_eq(e->proc, side);
        if ((own && e->kind == EVENT_PROVIDER_DOWN) || granted_anew(h, e, side, active) ||
            (own && e->kind == EVENT_PG_STANDBY && e->reason == REASON_NO_CONTROLLER &&
             !has_path(h, side, e->at.us))) {
            return true;
        }
        if (e->kind != EVENT_PG_GRANTED || proc_id_eq(e->peer, side) ||
            pair_of(h, e->peer) != p->pair) {
            continue;
        }
        /* A grant counts when it is on disk; when it was decided the controller could not ask, or
         * the sides had lost each other and it weighed them. */
        int64_t decided = e->at.us - e->value2;
        if (!has_path(h, side, decided) ||
            (e->reason == REASON_OUTWEIGHED &&
             ends_up(h, side, e->peer, LINK_PRIVATE, decided) == 0)) {
            return true;
        }
    }
    return false;
}

/* Whether a side that is active lets go within the live bound, or ended, or is granted anew. */
static bool lets_go(const struct history *h, const struct event *active)
{
    int64_t until = active->at.us + h->topology->timers.live_bound.us;
    for (size_t i = history_from(h, active->at.us); i < h->events_n && h->events[i].at.us <= until;
         i++) {
        const struct event *e = &h->events[i];
        bool own = proc_id_eq(e->proc, active->proc);
        if ((own && (e->kind == EVENT_PG_STANDBY || e->kind == EVENT_PROCESS_START)) ||
            (e->kind == EVENT_PG_GRANTED && proc_id_eq(e->peer, active->proc))) {
            return true;
        }
    }
    return until > h->end_us || !history_up(h, active->proc, SERVICE_NONE, until);
}

void check_pg_2(const struct history *h, struct check_result *ret)
{
    /* Since when which side was active, by the first proc of the pair: one a pair. */
    const struct event *active[PROCS_MAX + 1] = {NULL};
    int64_t newest[PROCS_MAX + 1] = {0};
    uint64_t switches = 0, late = 0, bad = 0, came_back = 0;
    for (size_t i = 0; i < h->events_n; i++) {
        const struct event *e = &h->events[i];
        if (e->kind == EVENT_PROCESS_START && pair_of(h, e->proc) != 0 && switches > 0) {
            came_back++;
        }
        if (e->kind != EVENT_PG_ACTIVE || pair_of(h, e->proc) == 0) {
            continue;
        }
        uint32_t slot = 0;
        while (slot < h->topology->procs_n &&
               h->topology->procs[slot].pair != pair_of(h, e->proc)) {
            slot++;
        }
        /* Who could not be told that it was replaced before it was ready begins all the same. */
        if (e->value < newest[slot]) {
            late++;
            bad += !history_sound(h, e->proc, e->at.us, e->at.us) && lets_go(h, e) ? 0 : 1;
            continue;
        }
        newest[slot] = e->value;
        bool same = active[slot] != NULL && proc_id_eq(active[slot]->proc, e->proc);
        if (active[slot] != NULL && !same) {
            switches++;
            bad += failed_between(h, active[slot], e->at.us) ? 0 : 1;
        }
        active[slot] = same ? active[slot] : e;
    }
    if (bad > 0) {
        check_say(ret, VERDICT_FAIL, "%llu of %llu changes of the active side had no cause",
                  (unsigned long long)bad, (unsigned long long)(switches + late));
        return;
    }
    check_say(ret, check_verdict(switches, 0),
              "%llu changes of the active side, each because it failed; %llu starts of a side "
              "afterwards changed nothing",
              (unsigned long long)switches, (unsigned long long)came_back);
}
