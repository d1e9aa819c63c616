#include "node/role/callmanager/broker.h"

#include "node/role/callmanager/callmanager.h"

#include <string.h>

/* ---- Events ---- */

static void send_subscribe(struct callmanager *cm, struct proc_id peer)
{
    struct msg *m = callmanager_out(cm, MSG_SDL_SUBSCRIBE, 0);
    m->sdl_subscribe = (struct msg_sdl_subscribe){.on = cm->local_subscribed};
    world_send(cm->world, LINK_SDL, peer, m);
}

static void tell_session(struct callmanager *cm, struct proc_id peer, bool up)
{
    if (cm->local_subscribed) {
        struct msg *m = callmanager_out(cm, MSG_SDL_SESSION, 0);
        m->sdl_session = (struct msg_sdl_session){.node = peer, .up = up};
        world_send(cm->world, LINK_LOCAL, cm->self, m);
    }
}

void broker_link_up(struct callmanager *cm, struct proc_id peer)
{
    if (cm->local_subscribed) {
        send_subscribe(cm, peer);
    }
    tell_session(cm, peer, true);
}

void broker_link_down(struct callmanager *cm, struct proc_id peer)
{
    tell_session(cm, peer, false);
}

static void send_event(struct callmanager *cm, struct proc_id to, const struct msg_device_event *e)
{
    struct msg *m = callmanager_out(cm, MSG_SDL_EVENT, e->call.v);
    m->sdl_event.event = *e;
    world_send(cm->world, proc_id_eq(to, cm->self) ? LINK_LOCAL : LINK_SDL, to, m);
}

void broker_publish(struct callmanager *cm, const struct msg_device_event *event)
{
    if (cm->local_subscribed) {
        send_event(cm, cm->self, event);
    }
    for (uint16_t v = 1; v <= cm->topology->procs_n; v++) {
        if (cm->mesh[v].up && cm->mesh[v].subscribed) {
            send_event(cm, (struct proc_id){v}, event);
        }
    }
}

static void subscribe(struct callmanager *cm, enum link link, struct proc_id peer, bool on)
{
    if (link == LINK_SDL) {
        cm->mesh[peer.v].subscribed = on;
        return;
    }
    cm->local_subscribed = on;
    for (uint16_t v = 1; v <= cm->topology->procs_n; v++) {
        if (cm->mesh[v].up) {
            send_subscribe(cm, (struct proc_id){v});
            tell_session(cm, (struct proc_id){v}, true);
        }
    }
}

/* ---- Snapshots ---- */

static void answer_snapshot(struct callmanager *cm, struct proc_id origin, struct device_id device)
{
    struct msg_device_event e = {.device = device, .epoch = device_epoch(cm, device)};
    for (uint32_t i = cm->devices[device.v].parties; i != 0; i = party_at(cm, i)->next) {
        const struct party *p = party_at(cm, i);
        if (!proc_id_eq(p->home, cm->self)) {
            continue;
        }
        struct msg_device_event row = e;
        row.kind = DEVICE_EVENT_SNAPSHOT;
        row.call = p->call;
        row.other = p->other;
        row.old_call = p->consult_of;
        row.state = p->state;
        memcpy(row.from, p->from, sizeof row.from);
        memcpy(row.to, p->to, sizeof row.to);
        send_event(cm, origin, &row);
    }
    e.kind = DEVICE_EVENT_SNAPSHOT_END;
    send_event(cm, origin, &e);
}

/* Only the owner of a device knows its calls: not the next life of that service, which the registry
 * takes for the owner until it has seen it start. If there is none, or no session with it, nobody
 * answers: the CTI Manager hears of the end of that owner, and asks again when it sees one. */
static void snapshot(struct callmanager *cm, enum link link, struct proc_id peer,
                     const struct msg_sdl_snapshot *s)
{
    if (s->device.v == 0 || s->device.v > cm->devices_n) {
        cm->rejected++;
        return;
    }
    struct proc_id owner = registry_owner(cm->registry, s->device);
    struct incarnation life = registry_device(cm->registry, s->device)->incarnation;
    if (proc_id_eq(owner, cm->self) && incarnation_eq(life, cm->incarnation)) {
        answer_snapshot(cm, link == LINK_LOCAL ? cm->self : peer, s->device);
    } else if (link == LINK_LOCAL && !proc_id_eq(owner, cm->self) && mesh_is_up(cm, owner)) {
        struct msg *m = callmanager_out(cm, MSG_SDL_SNAPSHOT, s->device.v);
        m->sdl_snapshot = (struct msg_sdl_snapshot){.origin = cm->self, .device = s->device};
        world_send(cm->world, LINK_SDL, owner, m);
    }
}

/* ---- Requests ---- */

static enum reason perform(struct callmanager *cm, const struct msg_sdl_request *r)
{
    if (r->key == KEY_DIAL) {
        if (!device_served(cm, r->device)) {
            return REASON_OUT_OF_SERVICE;
        }
        enum reason reason = device_may_dial(cm, r->device);
        return reason != REASON_NONE ? reason
                                     : call_dial(cm, r->device, cm->self, 0, r->number, "", NULL);
    }
    struct call *call = call_find(cm, r->call);
    struct party *p = call != NULL ? call_party(cm, call, r->device) : NULL;
    if (p == NULL) {
        return REASON_NO_CALL;
    }
    return call_key(cm, call, p, r->key, r->number);
}

void broker_answer(struct callmanager *cm, uint64_t id, struct proc_id origin, enum reason reason)
{
    struct msg *m = callmanager_out(cm, MSG_SDL_REQUEST_RESULT, 0);
    m->sdl_request_result =
        (struct msg_sdl_request_result){.id = id, .origin = origin, .reason = reason};
    world_send(cm->world, proc_id_eq(origin, cm->self) ? LINK_LOCAL : LINK_SDL, origin, m);
}

static void request(struct callmanager *cm, enum link link, struct proc_id peer,
                    const struct msg_sdl_request *r)
{
    struct msg_sdl_request q = *r;
    q.origin = link == LINK_LOCAL ? cm->self : peer;
    if (q.device.v == 0 || q.device.v > cm->devices_n) {
        broker_answer(cm, q.id, q.origin, REASON_UNKNOWN_DEVICE);
        return;
    }
    struct proc_id owner =
        q.key == KEY_DIAL ? registry_owner(cm->registry, q.device) : call_id_owner(q.call);
    if (link == LINK_SDL || proc_id_eq(owner, cm->self)) {
        /* The answer to DIAL must not overtake what it begins: nothing waits in between. */
        enum reason reason = perform(cm, &q);
        struct call *call =
            reason == REASON_NONE && q.key == KEY_ROUTE ? call_find(cm, q.call) : NULL;
        if (call != NULL && call->routing) {
            route_answer_to(call, q.origin, q.id);
        } else {
            broker_answer(cm, q.id, q.origin, reason);
        }
    } else if (mesh_is_up(cm, owner)) {
        struct msg *m = callmanager_out(cm, MSG_SDL_REQUEST, q.call.v);
        m->sdl_request = q;
        world_send(cm->world, LINK_SDL, owner, m);
    } else {
        broker_answer(cm, q.id, q.origin,
                      q.key == KEY_DIAL     ? REASON_OUT_OF_SERVICE
                      : proc_id_some(owner) ? REASON_NODE_LOST
                                            : REASON_NO_CALL);
    }
}

/* What another node sends to the CTI Manager of this one. */
static void hand_on(struct callmanager *cm, enum link link, const struct msg *msg)
{
    if (link != LINK_SDL) {
        cm->rejected++;
    } else if (cm->local_subscribed) {
        world_send(cm->world, LINK_LOCAL, cm->self, msg);
    }
}

bool broker_message(struct callmanager *cm, enum link link, struct proc_id peer,
                    const struct msg *msg)
{
    if (msg->kind == MSG_SDL_SUBSCRIBE) {
        subscribe(cm, link, peer, msg->sdl_subscribe.on);
    } else if (msg->kind == MSG_SDL_REQUEST) {
        request(cm, link, peer, &msg->sdl_request);
    } else if (msg->kind == MSG_SDL_SNAPSHOT) {
        snapshot(cm, link, peer, &msg->sdl_snapshot);
    } else if (msg->kind == MSG_SDL_EVENT || msg->kind == MSG_SDL_REQUEST_RESULT) {
        hand_on(cm, link, msg);
    } else {
        return false;
    }
    return true;
}
