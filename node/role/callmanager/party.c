#include "node/role/callmanager/party.h"

#include "node/role/callmanager/callmanager.h"

#include <stdio.h>
#include <string.h>

static const struct call_id no_call = {0};

static void copy_number(char *to, const char *from)
{
    snprintf(to, NUMBER_LEN, "%s", from);
}

void party_forget_all(struct callmanager *cm)
{
    memset(cm->parties, 0, sizeof cm->parties);
    for (uint32_t i = 1; i < PARTIES_MAX; i++) {
        cm->parties[i].next = i + 1 < PARTIES_MAX ? i + 1 : 0;
    }
    cm->parties_free = 1;
    cm->parties_n = 0;
}

uint32_t party_index(const struct callmanager *cm, const struct party *p)
{
    ASSERT(p > cm->parties);
    ASSERT(p < cm->parties + PARTIES_MAX);
    return (uint32_t)(p - cm->parties);
}

struct party *party_at(struct callmanager *cm, uint32_t index)
{
    ASSERT(index > 0);
    ASSERT(index < PARTIES_MAX);
    return &cm->parties[index];
}

struct party *party_add(struct callmanager *cm, struct call_id call, struct device_id device,
                        struct proc_id home, struct proc_id owner)
{
    ASSERT(call_id_some(call));
    ASSERT(device.v > 0 && device.v <= cm->devices_n);
    uint32_t index = cm->parties_free;
    if (index == 0) {
        return NULL;
    }
    struct party *p = party_at(cm, index);
    ASSERT(!call_id_some(p->call));
    cm->parties_free = p->next;
    cm->parties_n++;
    struct device *d = &cm->devices[device.v];
    *p = (struct party){.call = call,
                        .device = device,
                        .home = home,
                        .owner = owner,
                        .state = LEG_IDLE,
                        .since = cm->now,
                        .next = d->parties};
    d->parties = index;
    const struct registry_device *rd = registry_device(cm->registry, device);
    if (rd != NULL) {
        p->home_inc = (uint16_t)rd->incarnation.v;
    }
    struct device_info info;
    if (topology_device(cm->topology, device, &info)) {
        copy_number(p->own, info.number);
    }
    return p;
}

void party_drop(struct callmanager *cm, struct party *p)
{
    ASSERT(call_id_some(p->call));
    uint32_t index = party_index(cm, p);
    uint32_t *link = &cm->devices[p->device.v].parties;
    while (*link != index) {
        ASSERT(*link != 0);
        link = &party_at(cm, *link)->next;
    }
    *link = p->next;
    *p = (struct party){.next = cm->parties_free};
    cm->parties_free = index;
    cm->parties_n--;
}

struct party *party_find(struct callmanager *cm, struct call_id call, struct device_id device)
{
    if (device.v == 0 || device.v > cm->devices_n || !call_id_some(call)) {
        return NULL;
    }
    for (uint32_t i = cm->devices[device.v].parties; i != 0; i = party_at(cm, i)->next) {
        if (call_id_eq(party_at(cm, i)->call, call)) {
            return party_at(cm, i);
        }
    }
    return NULL;
}

bool party_established(const struct party *p)
{
    return p->state == LEG_CONNECTED || p->state == LEG_HOLDING || p->state == LEG_HELD;
}

bool party_consults(struct callmanager *cm, const struct party *p)
{
    for (uint32_t i = cm->devices[p->device.v].parties; i != 0; i = party_at(cm, i)->next) {
        const struct party *q = party_at(cm, i);
        if (call_id_some(q->consult_of) && (q == p || call_id_eq(q->consult_of, p->call))) {
            return true;
        }
    }
    return false;
}

static bool is_route_point(const struct callmanager *cm, struct device_id device)
{
    return registry_device(cm->registry, device)->kind == DEVICE_KIND_ROUTE_POINT;
}

void party_tell(struct callmanager *cm, const struct party *p, enum device_event kind,
                enum reason reason, struct call_id old_call)
{
    struct msg_device_event e = {.device = p->device,
                                 .epoch = device_epoch(cm, p->device),
                                 .call = p->call,
                                 .kind = kind,
                                 .reason = reason,
                                 .other = p->other,
                                 .old_call = old_call};
    copy_number(e.from, p->from);
    copy_number(e.to, p->to);
    broker_publish(cm, &e);
}

/* The reasons of a leg that was not made and not given up either. */
static bool failed(enum leg was, enum reason reason)
{
    bool setup = was == LEG_DIALING || was == LEG_RINGBACK || was == LEG_QUEUED;
    return setup && reason != REASON_HUNG_UP && reason != REASON_ABANDONED &&
           reason != REASON_TRANSFERRED && reason != REASON_CONFERENCED &&
           reason != REASON_REDIRECTED;
}

static void tell_connected(struct callmanager *cm, const struct party *p, const struct party *was,
                           const struct party_change *c, struct call_id moved)
{
    bool joined = device_id_some(p->peer2) && !device_id_some(was->peer2);
    if (joined) {
        party_tell(cm, p, DEVICE_EVENT_CONFERENCED, c->reason,
                   call_id_some(moved) ? moved : c->consult_of);
    } else if (call_id_some(moved)) {
        party_tell(cm, p, DEVICE_EVENT_CONNECTED, c->reason, moved);
    } else if (was->state == LEG_HOLDING) {
        party_tell(cm, p, DEVICE_EVENT_RETRIEVED, c->reason, no_call);
    } else if (!party_established(was) || !device_id_eq(was->peer, p->peer)) {
        party_tell(cm, p, DEVICE_EVENT_CONNECTED, c->reason, no_call);
    }
}

static void tell_ended(struct callmanager *cm, const struct party *p, const struct party *was,
                       const struct party_change *c)
{
    bool route_point = is_route_point(cm, p->device);
    if (c->reason == REASON_TRANSFERRED && !call_id_some(was->consult_of) && !route_point) {
        party_tell(cm, p, DEVICE_EVENT_TRANSFERRED, c->reason, c->consult_of);
    } else if (!route_point && failed(was->state, c->reason)) {
        party_tell(cm, p, DEVICE_EVENT_FAILED, c->reason, no_call);
    }
    party_tell(cm, p, DEVICE_EVENT_DISCONNECTED, c->reason, no_call);
}

static void tell_change(struct callmanager *cm, const struct party *p, const struct party *was,
                        const struct party_change *c, struct call_id moved)
{
    switch (p->state) {
    case LEG_DIALING:
        if (was->state == LEG_IDLE) {
            party_tell(cm, p, DEVICE_EVENT_ORIGINATED, c->reason, no_call);
        }
        return;
    case LEG_RINGING:
        if (was->state == LEG_IDLE || call_id_some(moved)) {
            party_tell(cm, p, DEVICE_EVENT_RINGING, c->reason, moved);
        }
        return;
    case LEG_QUEUED:
        if (was->state == LEG_IDLE) {
            party_tell(cm, p, DEVICE_EVENT_OFFERED, c->reason, no_call);
        }
        return;
    case LEG_CONNECTED:
        tell_connected(cm, p, was, c, moved);
        return;
    case LEG_HOLDING:
        if (was->state != LEG_HOLDING) {
            party_tell(cm, p, DEVICE_EVENT_HELD, c->reason, no_call);
        }
        return;
    case LEG_HELD:
        if (was->state == LEG_HOLDING) {
            party_tell(cm, p, DEVICE_EVENT_RETRIEVED, c->reason, no_call);
        }
        return;
    case LEG_ENDED:
        tell_ended(cm, p, was, c);
        return;
    case LEG_IDLE:
    case LEG_RINGBACK:
    case LEG_CONSULTING:
    case LEG_COUNT:
        return;
    }
    UNREACHABLE("every state of a leg is listed");
}

static void show_device(struct callmanager *cm, const struct party *p, enum reason reason,
                        struct call_id consult_of)
{
    struct msg_station_call c = {.device = p->device,
                                 .call = p->call,
                                 .line = p->line,
                                 .state = p->state,
                                 .reason = reason,
                                 .peer = p->peer,
                                 .peer2 = p->peer2,
                                 .consult_of =
                                     call_id_some(consult_of) ? consult_of : p->consult_of};
    copy_number(c.number, p->number);
    device_show(cm, &c);
}

static void record(struct callmanager *cm, struct party *p, const struct party_change *c)
{
    if (p->state != c->state) {
        p->since = cm->now;
    }
    p->state = c->state;
    p->peer = c->peer;
    p->peer2 = c->peer2;
    if (device_id_some(c->other)) {
        p->other = c->other;
    }
    if (device_id_some(c->peer)) {
        p->other = c->peer;
    }
    if (c->number != NULL && c->number != p->number) {
        copy_number(p->number, c->number);
    }
}

void party_show(struct callmanager *cm, struct party *p, const struct party_change *change,
                struct call_id moved)
{
    ASSERT(proc_id_eq(p->home, cm->self));
    struct party was = *p;
    record(cm, p, change);
    if (call_id_some(moved)) {
        copy_number(p->from, p->number);
        copy_number(p->to, p->own);
        p->consult_of = no_call;
    }
    show_device(cm, p, change->reason, call_id_some(moved) ? moved : change->consult_of);
    tell_change(cm, p, &was, change, moved);
}

void party_set(struct callmanager *cm, struct party *p, const struct party_change *change,
               struct call_id moved)
{
    ASSERT(proc_id_eq(p->owner, cm->self));
    if (proc_id_eq(p->home, cm->self)) {
        party_show(cm, p, change, moved);
        return;
    }
    record(cm, p, change);
    if (call_id_some(moved)) {
        p->consult_of = no_call;
    }
    struct msg *m = callmanager_out(cm, MSG_SDL_LEG, p->call.v);
    m->sdl_leg =
        (struct msg_sdl_leg){.call = p->call,
                             .device = p->device,
                             .line = p->line,
                             .state = p->state,
                             .reason = change->reason,
                             .peer = p->peer,
                             .peer2 = p->peer2,
                             .consult_of = call_id_some(moved)                ? moved
                                           : call_id_some(change->consult_of) ? change->consult_of
                                                                              : p->consult_of};
    copy_number(m->sdl_leg.number, p->number);
    world_send(cm->world, LINK_SDL, p->home, m);
}

void party_preserve(struct callmanager *cm, struct party *p)
{
    ASSERT(party_established(p));
    if (p->preserved) {
        return;
    }
    p->preserved = true;
    if (proc_id_eq(p->home, cm->self)) {
        show_device(cm, p, REASON_PRESERVED, no_call);
        callmanager_trace(cm, &(struct event){.kind = EVENT_CALL_PRESERVED,
                                              .device = p->device,
                                              .call = p->call,
                                              .peer = p->owner,
                                              .epoch = device_epoch(cm, p->device)});
        return;
    }
    struct party_change same = {
        .state = p->state, .reason = REASON_PRESERVED, .peer = p->peer, .peer2 = p->peer2};
    party_set(cm, p, &same, no_call);
}
