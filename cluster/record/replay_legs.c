#include "cluster/record/replay_legs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void replay_legs_init(struct replay_legs *l, const struct history *history)
{
    *l = (struct replay_legs){.history = history};
}

void replay_legs_deinit(struct replay_legs *l)
{
    free(l->legs);
    free(l->routes);
    *l = (struct replay_legs){0};
}

void replay_legs_clear(struct replay_legs *l)
{
    l->legs_n = 0;
    l->routes_n = 0;
    l->media = (struct replay_leg){0};
}

static enum err grow(void **rows, size_t *cap, size_t n, size_t size)
{
    if (n < *cap) {
        return ERR_OK;
    }
    size_t more = *cap == 0 ? 64 : *cap * 2;
    void *grown = realloc(*rows, more * size);
    if (grown == NULL) {
        return ERR_MEMORY;
    }
    *rows = grown;
    *cap = more;
    return ERR_OK;
}

static struct replay_leg *find(struct replay_legs *l, struct device_id device, struct call_id call)
{
    for (size_t i = 0; i < l->legs_n; i++) {
        if (device_id_eq(l->legs[i].device, device) && call_id_eq(l->legs[i].call, call)) {
            return &l->legs[i];
        }
    }
    return NULL;
}

static struct replay_route *route_of(struct replay_legs *l, struct call_id call)
{
    for (size_t i = 0; i < l->routes_n; i++) {
        if (call_id_eq(l->routes[i].call, call)) {
            return &l->routes[i];
        }
    }
    return NULL;
}

/* What the fleet wrote of the leg when it was over. */
static const struct history_leg *logged(const struct replay_legs *l, const struct event *e)
{
    const struct history *h = l->history;
    if (e->device.v == 0 || e->device.v > h->devices_n) {
        return NULL;
    }
    const struct history_span *span = &h->legs_of[e->device.v];
    for (uint32_t i = 0; i < span->n; i++) {
        const struct history_leg *leg = &h->legs[h->leg_index[span->first + i]];
        if ((call_id_eq(leg->call, e->call) || call_id_eq(leg->moved_from, e->call)) &&
            leg->begin_us <= e->at.us && (leg->open || leg->end_us >= e->at.us)) {
            return leg;
        }
    }
    return NULL;
}

static bool rings(const struct replay_legs *l, struct call_id call)
{
    for (size_t i = 0; i < l->legs_n; i++) {
        if (l->legs[i].incoming && call_id_eq(l->legs[i].call, call)) {
            return true;
        }
    }
    return false;
}

/* What the caller of a call hears that nobody has answered. */
static enum leg unanswered(struct replay_legs *l, struct call_id call)
{
    const struct replay_route *r = route_of(l, call);
    if (rings(l, call) || (r != NULL && r->answer == ROUTE_LABEL)) {
        return LEG_RINGBACK;
    }
    return r != NULL ? LEG_QUEUED : LEG_DIALING;
}

static void refresh_callers(struct replay_legs *l, struct call_id call)
{
    enum leg state = unanswered(l, call);
    for (size_t i = 0; i < l->legs_n; i++) {
        struct replay_leg *leg = &l->legs[i];
        bool waits =
            leg->state == LEG_DIALING || leg->state == LEG_QUEUED || leg->state == LEG_RINGBACK;
        if (waits && call_id_eq(leg->call, call)) {
            leg->state = state;
        }
    }
}

static enum err begin(struct replay_legs *l, const struct event *e, enum leg state)
{
    struct device_info info;
    enum err err = grow((void **)&l->legs, &l->legs_cap, l->legs_n, sizeof l->legs[0]);
    if (err != ERR_OK || !topology_device(l->history->topology, e->device, &info)) {
        return err;
    }
    struct replay_leg *leg = &l->legs[l->legs_n++];
    *leg = (struct replay_leg){.device = e->device,
                               .call = e->call,
                               .incoming = e->value == 2,
                               .state = state,
                               .begin_us = e->at.us};
    const struct history_leg *known = logged(l, e);
    if (known != NULL) {
        leg->begin_us = known->begin_us;
        memcpy(leg->from, known->from, sizeof leg->from);
        memcpy(leg->to, known->to, sizeof leg->to);
    } else {
        char *own = leg->incoming ? leg->to : leg->from;
        char *told = leg->incoming ? leg->from : leg->to;
        memcpy(own, info.number, sizeof leg->to);
        snprintf(told, sizeof leg->to, "%.*s", (int)sizeof leg->to - 1, e->text);
    }
    refresh_callers(l, e->call);
    return ERR_OK;
}

/* The leg that goes on in the call of `e`: the event names the call that it leaves; records of
 * older versions leave it to the fleet's log. */
static struct replay_leg *moved(struct replay_legs *l, const struct event *e)
{
    const struct history_leg *known = logged(l, e);
    struct call_id old = {(uint64_t)e->value2};
    if (!call_id_some(old) && known != NULL && call_id_eq(known->call, e->call)) {
        old = known->moved_from;
    }
    return call_id_some(old) ? find(l, e->device, old) : NULL;
}

static enum err change(struct replay_legs *l, const struct event *e)
{
    struct replay_leg *leg = find(l, e->device, e->call);
    if (leg == NULL && (leg = moved(l, e)) != NULL) {
        leg->call = e->call;
        if (device_id_eq(l->media.device, e->device) && call_id_eq(l->media.call, e->call)) {
            leg->other = l->media.other;
        }
    }
    if (leg == NULL) {
        return begin(l, e, (enum leg)e->value);
    }
    leg->state = (enum leg)e->value;
    return ERR_OK;
}

static void end(struct replay_legs *l, const struct event *e)
{
    struct replay_leg *leg = find(l, e->device, e->call);
    struct replay_route *route = route_of(l, e->call);
    if (route != NULL && leg != NULL && !leg->incoming) {
        *route = l->routes[--l->routes_n];
    }
    if (leg != NULL) {
        *leg = l->legs[--l->legs_n];
    }
}

static void hear(struct replay_legs *l, const struct event *e)
{
    struct replay_leg *leg = find(l, e->device, e->call);
    struct device_id other = {(uint32_t)e->value};
    if (leg != NULL) {
        leg->other = other;
    } else {
        l->media = (struct replay_leg){.device = e->device, .call = e->call, .other = other};
    }
}

static enum err route(struct replay_legs *l, const struct event *e)
{
    struct replay_route *r = route_of(l, e->call);
    enum route answer = e->kind == EVENT_ROUTE_REQUESTED ? ROUTE_NONE : (enum route)e->value2;
    if (r == NULL) {
        enum err err = grow((void **)&l->routes, &l->routes_cap, l->routes_n, sizeof l->routes[0]);
        if (err != ERR_OK) {
            return err;
        }
        r = &l->routes[l->routes_n++];
    }
    *r = (struct replay_route){.call = e->call, .answer = answer};
    refresh_callers(l, e->call);
    return ERR_OK;
}

enum err replay_legs_take(struct replay_legs *l, const struct event *e)
{
    if (e->kind == EVENT_ROUTE_REQUESTED || e->kind == EVENT_ROUTED) {
        return route(l, e);
    }
    if (history_kind(l->history, e->proc) != PROC_FLEET || !device_id_some(e->device)) {
        return ERR_OK;
    }
    switch ((int)e->kind) {
    case EVENT_CALL_BEGIN:
        return begin(l, e, e->value == 2 ? LEG_RINGING : LEG_DIALING);
    case EVENT_CALL_STATE:
        return change(l, e);
    case EVENT_MEDIA_BEGIN:
        hear(l, e);
        return ERR_OK;
    case EVENT_CALL_PRESERVED: {
        struct replay_leg *leg = find(l, e->device, e->call);
        if (leg != NULL) {
            leg->preserved = true;
        }
        return ERR_OK;
    }
    case EVENT_CALL_END:
        end(l, e);
        return ERR_OK;
    default:
        return ERR_OK;
    }
}

static bool of_fleet(const struct replay_legs *l, const struct replay_leg *leg,
                     struct proc_id fleet)
{
    struct device_info info;
    return topology_device(l->history->topology, leg->device, &info) &&
           proc_id_eq(info.fleet, fleet);
}

void replay_legs_lost(struct replay_legs *l, struct proc_id fleet)
{
    size_t kept = 0;
    for (size_t i = 0; i < l->legs_n; i++) {
        if (!of_fleet(l, &l->legs[i], fleet)) {
            l->legs[kept++] = l->legs[i];
        }
    }
    l->legs_n = kept;
}

/* An answer may come after the caller has left. */
static bool has_caller(const struct replay_legs *l, struct call_id call)
{
    for (size_t i = 0; i < l->legs_n; i++) {
        if (!l->legs[i].incoming && call_id_eq(l->legs[i].call, call)) {
            return true;
        }
    }
    return false;
}

uint32_t replay_legs_queued(const struct replay_legs *l)
{
    uint32_t n = 0;
    for (size_t i = 0; i < l->routes_n; i++) {
        const struct replay_route *r = &l->routes[i];
        n += r->answer == ROUTE_QUEUED && has_caller(l, r->call) ? 1 : 0;
    }
    return n;
}

static int by_device(const void *a, const void *b)
{
    const struct replay_leg *x = a;
    const struct replay_leg *y = b;
    if (x->device.v != y->device.v) {
        return x->device.v < y->device.v ? -1 : 1;
    }
    return (x->begin_us > y->begin_us) - (x->begin_us < y->begin_us);
}

const struct replay_leg *replay_legs_sorted(struct replay_legs *l, size_t *ret_n)
{
    if (l->legs_n > 1) {
        qsort(l->legs, l->legs_n, sizeof l->legs[0], by_device);
    }
    *ret_n = l->legs_n;
    return l->legs;
}

static int by_call(const void *a, const void *b)
{
    const struct replay_leg *x = a;
    const struct replay_leg *y = b;
    return (x->call.v > y->call.v) - (x->call.v < y->call.v);
}

void replay_legs_count(struct replay_legs *l, struct proc_id fleet,
                       struct msg_op_fleet_status *ret_status)
{
    if (l->legs_n > 1) {
        qsort(l->legs, l->legs_n, sizeof l->legs[0], by_call);
    }
    for (size_t i = 0; i < l->legs_n;) {
        bool any = false;
        bool preserved = false;
        bool flowing = true;
        size_t k = i;
        for (; k < l->legs_n && call_id_eq(l->legs[k].call, l->legs[i].call); k++) {
            if (of_fleet(l, &l->legs[k], fleet)) {
                any = true;
                preserved = preserved || l->legs[k].preserved;
                flowing = flowing && device_id_some(l->legs[k].other);
            }
        }
        ret_status->calls += any ? 1 : 0;
        ret_status->preserved += any && preserved ? 1 : 0;
        ret_status->media_flowing += any && flowing ? 1 : 0;
        i = k;
    }
}
