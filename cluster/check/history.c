#include "cluster/check/history.h"

#include "cluster/check/windows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VOTERS_MAX 5 /* the first nodes of a topology */

enum proc_kind history_kind(const struct history *h, struct proc_id proc)
{
    const struct topology_proc *p = topology_proc_of(h->topology, proc);
    return p != NULL ? p->kind : PROC_NONE;
}

static bool has_word(const char *text, const char *word)
{
    return strstr(text, word) != NULL;
}

static enum service service_in(const char *text)
{
    return has_word(text, "callmanager")  ? SERVICE_CALLMANAGER
           : has_word(text, "ctimanager") ? SERVICE_CTIMANAGER
                                          : SERVICE_NONE;
}

/* The words of the command that makes them. */
bool history_spares(const char *text)
{
    static const char *const words[] = {"partition", "slow", "disk", "clock", "delay", "loss"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (has_word(text, words[i])) {
            return true;
        }
    }
    return false;
}

bool history_survives(const char *text)
{
    return has_word(text, "hang") || has_word(text, "unplug");
}

bool history_hangs(const struct history_outage *outage)
{
    return history_survives(outage->what);
}

bool history_silences(const struct history_outage *outage)
{
    return outage->network || history_hangs(outage);
}

bool history_parts(const struct history_outage *outage)
{
    return outage->network && !has_word(outage->what, "disk") && !has_word(outage->what, "clock");
}

/* Faults that end by themselves being undone, without a new start. */
static bool comes_back_by_heal(const struct history_outage *o)
{
    return o->network || history_hangs(o);
}

static struct history_outage *open_outage(struct history *h, struct proc_id proc,
                                          enum service service)
{
    for (uint32_t i = h->outages_n; i > 0; i--) {
        struct history_outage *o = &h->outages[i - 1];
        if (proc_id_eq(o->proc, proc) && o->service == service && !o->network &&
            o->until == HISTORY_FOREVER) {
            return o;
        }
    }
    return NULL;
}

static void begin_outage(struct history *h, const struct event *e, struct proc_id proc,
                         enum service service, bool injected)
{
    bool network = injected && history_spares(e->text);
    struct history_outage *known = network ? NULL : open_outage(h, proc, service);
    if (known != NULL) {
        if (injected) {
            memcpy(known->what, e->text, sizeof known->what); /* what hung was killed then */
        }
        return; /* or its own last word about a fault that is known */
    }
    if (h->outages_n == HISTORY_OUTAGES_MAX) {
        return;
    }
    uint32_t at = h->outages_n++; /* in the order of their begin */
    for (; at > 0 && h->outages[at - 1].from > e->at.us; at--) {
        h->outages[at] = h->outages[at - 1];
    }
    struct history_outage *o = &h->outages[at];
    *o = (struct history_outage){.proc = proc,
                                 .service = service,
                                 .from = e->at.us,
                                 .until = HISTORY_FOREVER,
                                 .network = network,
                                 .injected = injected};
    memcpy(o->what, e->text, sizeof o->what);
}

/* The open outage that began by the very words that end it: of two faults that overlap the end of
 * one is not the end of the other. */
static struct history_outage *same_outage(struct history *h, const struct event *e)
{
    for (uint32_t i = 0; i < h->outages_n; i++) {
        struct history_outage *o = &h->outages[i];
        if (proc_id_eq(o->proc, e->peer) && o->until == HISTORY_FOREVER && o->from <= e->at.us &&
            comes_back_by_heal(o) && strcmp(o->what, e->text) == 0) {
            return o;
        }
    }
    return NULL;
}

static void end_outages(struct history *h, const struct event *e, struct proc_id proc,
                        enum service service, bool heal)
{
    for (uint32_t i = 0; i < h->outages_n; i++) {
        struct history_outage *o = &h->outages[i];
        if (!proc_id_eq(o->proc, proc) || o->until != HISTORY_FOREVER || o->from > e->at.us) {
            continue;
        }
        /* A process that is well again says nothing of its network, nor the other way round. */
        bool fits = heal ? comes_back_by_heal(o) && o->network == history_spares(e->text) &&
                               (service == SERVICE_NONE || o->network || o->service == service)
                         : !o->network && (o->service == service || service == SERVICE_NONE);
        if (fits) {
            o->until = e->at.us;
        }
    }
}

static void heal(struct history *h, const struct event *e)
{
    struct history_outage *same = same_outage(h, e);
    if (same != NULL) {
        same->until = e->at.us;
    } else {
        end_outages(h, e, e->peer, service_in(e->text), true);
    }
}

/* A process that begins a new life, and nobody said that the last one ended: it crashed after its
 * last word, when its connections were lost. */
static void note_crash(struct history *h, const struct event *start, const struct event *last,
                       const struct event *noticed)
{
    if (last == NULL || last->incarnation.v == start->incarnation.v) {
        return;
    }
    for (uint32_t i = 0; i < h->outages_n; i++) {
        const struct history_outage *o = &h->outages[i];
        if (proc_id_eq(o->proc, start->proc) && !o->network && o->until >= last->at.us) {
            return;
        }
    }
    struct event crash = noticed != NULL ? *noticed : *last;
    snprintf(crash.text, sizeof crash.text, "crash");
    begin_outage(h, &crash, start->proc, SERVICE_NONE, false);
}

static void find_outages(struct history *h)
{
    const struct event *last[PROCS_MAX + 1] = {NULL};
    const struct event *noticed[PROCS_MAX + 1] = {NULL}; /* that it is away, since its last word */
    for (size_t i = 0; i < h->events_n; i++) {
        const struct event *e = &h->events[i];
        if (e->kind == EVENT_PROCESS_START && e->proc.v <= PROCS_MAX) {
            note_crash(h, e, last[e->proc.v], noticed[e->proc.v]);
        }
        last[e->proc.v <= PROCS_MAX ? e->proc.v : 0] = e;
        noticed[e->proc.v <= PROCS_MAX ? e->proc.v : 0] = NULL;
        if (e->kind == EVENT_LINK_DOWN && e->peer.v <= PROCS_MAX && noticed[e->peer.v] == NULL) {
            noticed[e->peer.v] = e;
        }
        if (e->kind == EVENT_FAULT) {
            begin_outage(h, e, e->peer, service_in(e->text), true);
        } else if (e->kind == EVENT_HEAL) {
            heal(h, e);
        } else if (e->kind == EVENT_SERVICE_CRASH || e->kind == EVENT_SERVICE_STOP) {
            begin_outage(h, e, e->proc, service_in(e->text), false);
        } else if (e->kind == EVENT_SERVICE_START) {
            end_outages(h, e, e->proc, service_in(e->text), false);
        } else if (e->kind == EVENT_PROCESS_STOP) {
            begin_outage(h, e, e->proc, SERVICE_NONE, false);
        } else if (e->kind == EVENT_PROCESS_START) {
            end_outages(h, e, e->proc, SERVICE_NONE, false);
        }
    }
}

static bool is_move(const struct history *h, const struct event *e)
{
    return (e->kind == EVENT_REGISTERED || e->kind == EVENT_DEVICE_LOST) && e->device.v >= 1 &&
           e->device.v <= h->devices_n;
}

/* One span after the other, by how long each will be; all are empty then. */
static void lay_out(struct history_span *spans, uint32_t devices_n)
{
    uint32_t first = 0;
    for (uint32_t d = 1; d <= devices_n; d++) {
        spans[d].first = first;
        first += spans[d].n;
        spans[d].n = 0;
    }
}

static enum err find_moves(struct history *h)
{
    size_t total = 0;
    for (size_t i = 0; i < h->events_n; i++) {
        if (is_move(h, &h->events[i])) {
            h->moves_of[h->events[i].device.v].n++;
            total++;
        }
    }
    h->moves = calloc(total + 1, sizeof h->moves[0]);
    if (h->moves == NULL) {
        return ERR_MEMORY;
    }
    lay_out(h->moves_of, h->devices_n);
    for (size_t i = 0; i < h->events_n; i++) {
        const struct event *e = &h->events[i];
        if (is_move(h, e)) {
            struct history_span *span = &h->moves_of[e->device.v];
            bool lost = e->kind == EVENT_DEVICE_LOST;
            const struct proc_id nowhere = {0};
            h->moves[span->first + span->n++] =
                (struct history_move){.at = e->at.us,
                                      .node = lost ? nowhere : e->peer,
                                      .epoch = e->epoch,
                                      .in_call = lost && e->value != 0};
        }
    }
    return ERR_OK;
}

/* Legs come in the order of their ends; they are wanted by device and begin. */
static void insert_leg(struct history *h, struct history_span *span, uint32_t leg)
{
    uint32_t *list = &h->leg_index[span->first];
    uint32_t at = span->n++;
    while (at > 0 && h->legs[list[at - 1]].begin_us > h->legs[leg].begin_us) {
        list[at] = list[at - 1];
        at--;
    }
    list[at] = leg;
}

static enum err find_legs(struct history *h)
{
    h->leg_index = calloc(h->legs_n + 1, sizeof h->leg_index[0]);
    if (h->leg_index == NULL) {
        return ERR_MEMORY;
    }
    for (size_t i = 0; i < h->legs_n; i++) {
        if (h->legs[i].device.v >= 1 && h->legs[i].device.v <= h->devices_n) {
            h->legs_of[h->legs[i].device.v].n++;
        }
    }
    lay_out(h->legs_of, h->devices_n);
    for (size_t i = 0; i < h->legs_n; i++) {
        if (h->legs[i].device.v >= 1 && h->legs[i].device.v <= h->devices_n) {
            insert_leg(h, &h->legs_of[h->legs[i].device.v], (uint32_t)i);
        }
    }
    return ERR_OK;
}

static bool is_owner_change(const struct history *h, const struct event *e)
{
    return e->kind == EVENT_OWNER_CHANGED && e->device.v >= 1 && e->device.v <= h->devices_n;
}

static enum err find_owners(struct history *h)
{
    uint32_t total = 0;
    for (size_t i = 0; i < h->events_n; i++) {
        if (is_owner_change(h, &h->events[i])) {
            h->owners_of[h->events[i].device.v].n++;
            total++;
        }
    }
    h->owner_index = calloc(total + 1, sizeof h->owner_index[0]);
    if (h->owner_index == NULL) {
        return ERR_MEMORY;
    }
    lay_out(h->owners_of, h->devices_n);
    for (size_t i = 0; i < h->events_n; i++) {
        if (is_owner_change(h, &h->events[i])) {
            struct history_span *span = &h->owners_of[h->events[i].device.v];
            h->owner_index[span->first + span->n++] = (uint32_t)i;
        }
    }
    return ERR_OK;
}

enum err history_prepare(struct history *h)
{
    ASSERT(h->topology != NULL);
    h->devices_n = topology_devices(h->topology);
    h->outages_n = 0;
    h->windows_n = 0;
    h->both_n = 0;
    h->moves = NULL;
    h->leg_index = NULL;
    h->owner_index = NULL;
    h->begin_us = h->events_n > 0 ? h->events[0].at.us : 0;
    h->end_us = h->events_n > 0 ? h->events[h->events_n - 1].at.us : 0;
    h->moves_of = calloc(h->devices_n + 1, sizeof h->moves_of[0]);
    h->legs_of = calloc(h->devices_n + 1, sizeof h->legs_of[0]);
    h->owners_of = calloc(h->devices_n + 1, sizeof h->owners_of[0]);
    if (h->moves_of == NULL || h->legs_of == NULL || h->owners_of == NULL ||
        find_moves(h) != ERR_OK || find_legs(h) != ERR_OK || find_owners(h) != ERR_OK) {
        history_free(h);
        return ERR_MEMORY;
    }
    find_outages(h);
    windows_find(h);
    return ERR_OK;
}

void history_free(struct history *h)
{
    free(h->moves);
    free(h->moves_of);
    free(h->leg_index);
    free(h->legs_of);
    free(h->owner_index);
    free(h->owners_of);
    h->moves = NULL;
    h->moves_of = NULL;
    h->leg_index = NULL;
    h->legs_of = NULL;
    h->owner_index = NULL;
    h->owners_of = NULL;
}

size_t history_from(const struct history *h, int64_t at)
{
    size_t low = 0, high = h->events_n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (h->events[middle].at.us < at) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

uint32_t history_first(const struct history *h)
{
    uint32_t i = 0;
    while (i < h->outages_n && (!h->outages[i].injected || h->outages[i].from < h->rehearsed_us)) {
        i++;
    }
    return i;
}

const struct history_outage *history_fault(const struct history *h)
{
    uint32_t first = history_first(h);
    return first < h->outages_n ? &h->outages[first] : NULL;
}

int64_t history_calm_since(const struct history *h)
{
    int64_t last = h->begin_us;
    for (uint32_t i = 0; i < h->outages_n; i++) {
        const struct history_outage *o = &h->outages[i];
        if (!o->injected) {
            continue;
        }
        int64_t at = o->until != HISTORY_FOREVER ? o->until : o->from;
        last = at > last ? at : last;
    }
    return last;
}

bool history_up(const struct history *h, struct proc_id proc, enum service service, int64_t at)
{
    for (uint32_t i = 0; i < h->outages_n; i++) {
        const struct history_outage *o = &h->outages[i];
        if (proc_id_eq(o->proc, proc) && !o->network && o->from <= at && at < o->until &&
            (o->service == SERVICE_NONE || o->service == service)) {
            return false;
        }
    }
    return true;
}

static bool is_about(const struct history *h, const struct history_outage *o, struct proc_id proc)
{
    return proc_id_eq(o->proc, proc) ||
           (o->network &&
            (!proc_id_some(o->proc) || has_word(o->what, topology_name(h->topology, proc))));
}

bool history_disturbed(const struct history *h, struct proc_id proc, int64_t from, int64_t until)
{
    for (uint32_t i = 0; i < h->outages_n; i++) {
        const struct history_outage *o = &h->outages[i];
        if (o->from <= until && from < o->until && is_about(h, o, proc)) {
            return true;
        }
    }
    return false;
}

bool history_mute(const struct history *h, struct proc_id node, int64_t from, int64_t until)
{
    for (uint32_t i = 0; i < h->outages_n; i++) {
        const struct history_outage *o = &h->outages[i];
        bool speaks =
            o->service == SERVICE_CTIMANAGER || (history_spares(o->what) && !history_parts(o));
        if (o->from <= until && from < o->until && !speaks && is_about(h, o, node)) {
            return true;
        }
    }
    return false;
}

bool history_sound(const struct history *h, struct proc_id proc, int64_t from, int64_t until)
{
    return !history_disturbed(h, proc, from - h->topology->timers.live_bound.us, until);
}

bool history_majority(const struct history *h, int64_t from, int64_t until)
{
    uint32_t voters = 0, sound = 0;
    for (uint16_t v = 1; v <= h->topology->procs_n && voters < VOTERS_MAX; v++) {
        bool node = h->topology->procs[v - 1].kind == PROC_NODE;
        voters += node ? 1 : 0;
        sound += node && history_sound(h, (struct proc_id){v}, from, until) ? 1 : 0;
    }
    return sound > voters / 2;
}

bool history_quorum(const struct history *h, int64_t at)
{
    uint32_t voters = 0, running = 0;
    for (uint16_t v = 1; v <= h->topology->procs_n && voters < VOTERS_MAX; v++) {
        bool node = h->topology->procs[v - 1].kind == PROC_NODE;
        voters += node ? 1 : 0;
        running += node && history_up(h, (struct proc_id){v}, SERVICE_NONE, at) ? 1 : 0;
    }
    return running > voters / 2;
}

const struct event *history_owner_change(const struct history *h, struct device_id device,
                                         uint32_t nth)
{
    if (device.v < 1 || device.v > h->devices_n || nth >= h->owners_of[device.v].n) {
        return NULL;
    }
    return &h->events[h->owner_index[h->owners_of[device.v].first + nth]];
}

struct proc_id history_owner(const struct history *h, struct device_id device, int64_t at)
{
    struct proc_id owner = {0};
    uint32_t epoch = 0; /* a node that catches up tells old owners late */
    const struct event *e;
    for (uint32_t i = 0; (e = history_owner_change(h, device, i)) != NULL && e->at.us <= at; i++) {
        if (e->epoch >= epoch) {
            owner = e->peer;
            epoch = e->epoch;
        }
    }
    return owner;
}

struct proc_id history_home(const struct history *h, struct device_id device, int64_t at)
{
    struct proc_id node = {0};
    if (device.v == 0 || device.v > h->devices_n) {
        return node;
    }
    const struct history_span *span = &h->moves_of[device.v];
    for (uint32_t i = 0; i < span->n && h->moves[span->first + i].at <= at; i++) {
        node = h->moves[span->first + i].node;
    }
    return node;
}

const struct history_move *history_rehomed(const struct history *h, struct device_id device,
                                           int64_t at)
{
    if (device.v == 0 || device.v > h->devices_n) {
        return NULL;
    }
    const struct history_span *span = &h->moves_of[device.v];
    for (uint32_t i = 0; i < span->n; i++) {
        const struct history_move *move = &h->moves[span->first + i];
        if (move->at >= at && proc_id_some(move->node)) {
            return move;
        }
    }
    return NULL;
}

bool history_astray(const struct history *h, struct device_id device, int64_t at)
{
    uint32_t given = 0, known = 0;
    for (size_t i = 0; i < h->events_n && h->events[i].at.us <= at; i++) {
        const struct event *e = &h->events[i];
        if (!device_id_some(device) || !device_id_eq(e->device, device)) {
            continue;
        }
        if (e->kind == EVENT_OWNER_CHANGED && proc_id_some(e->peer) && e->epoch > given) {
            given = e->epoch;
        } else if (e->kind == EVENT_REGISTERED && history_kind(h, e->proc) == PROC_FLEET) {
            known = e->epoch;
        }
    }
    return given > known;
}

int64_t history_busy_until(const struct history *h, struct device_id device, int64_t at)
{
    int64_t until = at;
    if (device.v == 0 || device.v > h->devices_n) {
        return until;
    }
    const struct history_span *span = &h->legs_of[device.v];
    for (uint32_t i = 0; i < span->n; i++) {
        const struct history_leg *leg = &h->legs[h->leg_index[span->first + i]];
        if (leg->begin_us <= until && (leg->open || leg->end_us > until)) {
            until = leg->open ? HISTORY_FOREVER : leg->end_us;
        }
    }
    return until;
}

struct proc_id history_first_living(const struct history *h, uint32_t group, int64_t at)
{
    const struct topology_group *g = &h->topology->groups[group];
    for (uint32_t i = 0; i < g->members_n; i++) {
        if (history_up(h, g->members[i], SERVICE_CALLMANAGER, at)) {
            return g->members[i];
        }
    }
    return (struct proc_id){0};
}
