#include "node/role/callmanager/mesh.h"

#include "node/role/callmanager/callmanager.h"

#include <stdio.h>
#include <string.h>

static const struct call_id no_call = {0};

/* ---- Sessions ---- */

static bool has_callmanager(const struct callmanager *cm, uint32_t proc)
{
    const struct topology_proc *p =
        topology_proc_of(cm->topology, (struct proc_id){(uint16_t)proc});
    return p != NULL && p->kind == PROC_NODE && p->callmanager && proc != cm->self.v;
}

static void connect_higher(struct callmanager *cm, bool on)
{
    for (uint32_t v = cm->self.v + 1u; v <= cm->topology->procs_n; v++) {
        if (has_callmanager(cm, v)) {
            cm->world->connect(cm->world->context, LINK_SDL, (struct proc_id){(uint16_t)v}, on);
        }
    }
}

void mesh_start(struct callmanager *cm)
{
    cm->world->listen(cm->world->context, LINK_SDL, true);
    connect_higher(cm, true);
}

void mesh_stop(struct callmanager *cm)
{
    cm->world->listen(cm->world->context, LINK_SDL, false);
    connect_higher(cm, false);
    memset(cm->mesh, 0, sizeof cm->mesh);
}

bool mesh_is_up(const struct callmanager *cm, struct proc_id node)
{
    return node.v > 0 && node.v <= PROCS_MAX && cm->mesh[node.v].up;
}

static void send_subscribe(struct callmanager *cm, struct proc_id peer)
{
    struct msg *m = callmanager_out(cm, MSG_SDL_SUBSCRIBE, 0);
    m->sdl_subscribe = (struct msg_sdl_subscribe){.on = cm->local_subscribed};
    world_send(cm->world, LINK_SDL, peer, m);
}

void mesh_link_up(struct callmanager *cm, struct proc_id peer)
{
    if (!has_callmanager(cm, peer.v)) {
        cm->rejected++;
        return;
    }
    cm->mesh[peer.v] = (struct mesh_peer){.up = true};
    if (cm->local_subscribed) {
        send_subscribe(cm, peer);
    }
}

void mesh_link_down(struct callmanager *cm, struct proc_id peer)
{
    if (!mesh_is_up(cm, peer)) {
        return;
    }
    cm->mesh[peer.v] = (struct mesh_peer){.up = false};
    mesh_node_lost(cm, peer, MESH_ANY_INCARNATION);
}

/* ---- A node is lost ---- */

/* The owner of the call of a leg that lives here is gone. */
static void owner_lost(struct callmanager *cm, struct party *p)
{
    if (p->preserved) {
        return;
    }
    if (party_established(p) && !party_consults(cm, p)) {
        party_preserve(cm, p);
        return;
    }
    struct party_change c = {.state = LEG_ENDED, .reason = REASON_DROPPED_IN_SETUP};
    party_show(cm, p, &c, no_call);
    party_drop(cm, p);
}

static uint32_t incarnation_of(struct call_id call)
{
    return (uint32_t)(call.v >> 40) & 0xffffu;
}

/* `device` may hold two legs that lean on each other, so that each leg is judged before any is
 * dropped: a leg with an open consultation is not established. */
static void mark_owner_lost(struct callmanager *cm, struct proc_id node, uint32_t incarnation,
                            bool anew)
{
    for (uint32_t i = 1; i < PARTIES_MAX; i++) {
        struct party *p = &cm->parties[i];
        if (!call_id_some(p->call) || !proc_id_eq(p->owner, node) || p->preserved ||
            call_id_some(p->consult_of)) {
            continue;
        }
        bool same = incarnation == MESH_ANY_INCARNATION || incarnation_of(p->call) == incarnation;
        if (same != anew) {
            owner_lost(cm, p);
        }
    }
    for (uint32_t i = 1; i < PARTIES_MAX; i++) {
        struct party *p = &cm->parties[i];
        if (!call_id_some(p->call) || !proc_id_eq(p->owner, node) || !call_id_some(p->consult_of)) {
            continue;
        }
        bool same = incarnation == MESH_ANY_INCARNATION || incarnation_of(p->call) == incarnation;
        if (same != anew) {
            owner_lost(cm, p);
        }
    }
}

void mesh_node_anew(struct callmanager *cm, struct proc_id node, uint32_t incarnation)
{
    ASSERT(!proc_id_eq(node, cm->self));
    if (cm->parties_n > 0) {
        mark_owner_lost(cm, node, incarnation, true);
    }
}

void mesh_node_lost(struct callmanager *cm, struct proc_id node, uint32_t incarnation)
{
    ASSERT(!proc_id_eq(node, cm->self));
    if (cm->parties_n == 0) {
        return;
    }
    mark_owner_lost(cm, node, incarnation, false);
    for (uint32_t i = 1; i < PARTIES_MAX; i++) {
        struct party *p = &cm->parties[i];
        if (call_id_some(p->call) && proc_id_eq(p->owner, cm->self) && proc_id_eq(p->home, node) &&
            (incarnation == MESH_ANY_INCARNATION || p->home_inc == incarnation)) {
            call_party_gone(cm, call_find(cm, p->call), p, REASON_DROPPED_IN_SETUP);
        }
    }
}

/* ---- Events ---- */

static void send_event(struct callmanager *cm, struct proc_id to, const struct msg_device_event *e)
{
    struct msg *m = callmanager_out(cm, MSG_SDL_EVENT, e->call.v);
    m->sdl_event.event = *e;
    world_send(cm->world, proc_id_eq(to, cm->self) ? LINK_LOCAL : LINK_SDL, to, m);
}

void mesh_publish(struct callmanager *cm, const struct msg_device_event *event)
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
        }
    }
}

static void answer_snapshot(struct callmanager *cm, struct proc_id origin, struct device_id device,
                            bool known)
{
    struct msg_device_event e = {.device = device, .epoch = device_epoch(cm, device)};
    uint32_t i = known ? cm->devices[device.v].parties : 0;
    for (; i != 0; i = party_at(cm, i)->next) {
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

static void snapshot(struct callmanager *cm, enum link link, const struct msg *msg)
{
    struct device_id device = msg->sdl_snapshot.device;
    struct proc_id origin = link == LINK_LOCAL ? cm->self : msg->sdl_snapshot.origin;
    if (device.v == 0 || device.v > cm->devices_n ||
        (link == LINK_SDL && !mesh_is_up(cm, origin))) {
        cm->rejected++;
        return;
    }
    struct proc_id owner = registry_owner(cm->registry, device);
    bool here = link == LINK_SDL || proc_id_eq(owner, cm->self);
    if (!here && mesh_is_up(cm, owner)) {
        struct msg *m = callmanager_out(cm, MSG_SDL_SNAPSHOT, device.v);
        m->sdl_snapshot = (struct msg_sdl_snapshot){.origin = cm->self, .device = device};
        world_send(cm->world, LINK_SDL, owner, m);
        return;
    }
    answer_snapshot(cm, origin, device, here);
}

/* ---- Offers and legs: from the owner of the call to the home of the device ---- */

void mesh_offer(struct callmanager *cm, const struct party *p)
{
    struct msg *m = callmanager_out(cm, MSG_SDL_OFFER, p->call.v);
    m->sdl_offer =
        (struct msg_sdl_offer){.call = p->call, .device = p->device, .from_device = p->other};
    memcpy(m->sdl_offer.from, p->from, NUMBER_LEN);
    memcpy(m->sdl_offer.to, p->to, NUMBER_LEN);
    world_send(cm->world, LINK_SDL, p->home, m);
}

static void send_gone(struct callmanager *cm, struct proc_id to, struct call_id call,
                      struct device_id device, enum reason reason)
{
    struct msg *m = callmanager_out(cm, MSG_SDL_GONE, call.v);
    m->sdl_gone = (struct msg_sdl_gone){.call = call, .device = device, .reason = reason};
    world_send(cm->world, LINK_SDL, to, m);
}

static void offered(struct callmanager *cm, struct proc_id peer, const struct msg_sdl_offer *o)
{
    if (!proc_id_eq(call_owner(o->call), peer) || o->device.v == 0 || o->device.v > cm->devices_n ||
        party_find(cm, o->call, o->device) != NULL) {
        cm->rejected++;
        return;
    }
    enum reason reason = device_free(cm, o->device);
    struct party *p = NULL;
    if (reason == REASON_NONE) {
        p = party_add(cm, o->call, o->device, cm->self, peer);
        reason = p == NULL ? REASON_FULL : REASON_NONE;
    }
    if (reason != REASON_NONE) {
        send_gone(cm, peer, o->call, o->device, reason);
        return;
    }
    memcpy(p->from, o->from, sizeof p->from);
    memcpy(p->to, o->to, sizeof p->to);
    struct msg *yes = callmanager_out(cm, MSG_SDL_OFFERED, o->call.v);
    yes->sdl_offered = (struct msg_sdl_offered){.call = o->call, .device = o->device};
    world_send(cm->world, LINK_SDL, peer, yes);
    bool point = cm->devices[o->device.v].kind == DEVICE_KIND_ROUTE_POINT;
    struct party_change c = {
        .state = point ? LEG_QUEUED : LEG_RINGING, .number = o->from, .other = o->from_device};
    party_show(cm, p, &c, no_call);
}

void mesh_failed(struct callmanager *cm, struct proc_id home, struct call_id call,
                 struct device_id route_point, enum reason reason)
{
    if (!proc_id_eq(home, cm->self)) {
        struct msg *m = callmanager_out(cm, MSG_SDL_LEG, call.v);
        m->sdl_leg = (struct msg_sdl_leg){
            .call = call, .device = route_point, .state = LEG_ENDED, .reason = reason};
        world_send(cm->world, LINK_SDL, home, m);
        return;
    }
    struct msg_device_event e = {.device = route_point,
                                 .epoch = device_epoch(cm, route_point),
                                 .call = call,
                                 .kind = DEVICE_EVENT_FAILED,
                                 .reason = reason};
    mesh_publish(cm, &e);
}

/* A leg that begins here because its user consults about a call that `peer` owns. */
static struct party *consulting_leg(struct callmanager *cm, struct proc_id peer,
                                    const struct msg_sdl_leg *m)
{
    if (!device_served(cm, m->device)) {
        return NULL;
    }
    struct party *p = party_add(cm, m->call, m->device, cm->self, peer);
    if (p != NULL) {
        p->dialled = true;
        p->line = m->line;
        p->consult_of = m->consult_of;
        memcpy(p->from, p->own, sizeof p->from);
        memcpy(p->to, m->number, sizeof p->to);
    }
    return p;
}

static void take_leg(struct callmanager *cm, struct proc_id peer, const struct msg_sdl_leg *m)
{
    if (!proc_id_eq(call_owner(m->call), peer) || m->device.v == 0 || m->device.v > cm->devices_n) {
        cm->rejected++;
        return;
    }
    struct party *p = party_find(cm, m->call, m->device);
    struct party *before = party_find(cm, m->consult_of, m->device);
    struct call_id moved = no_call;
    if (p == NULL && m->state == LEG_ENDED) {
        if (cm->devices[m->device.v].kind == DEVICE_KIND_ROUTE_POINT) {
            mesh_failed(cm, cm->self, m->call, m->device, m->reason);
        }
        return;
    }
    if (p == NULL && m->state == LEG_DIALING) {
        p = consulting_leg(cm, peer, m);
    } else if (p == NULL && before != NULL && proc_id_eq(before->owner, peer)) {
        p = before;
        moved = m->consult_of;
        p->call = m->call;
    }
    if (p == NULL || !proc_id_eq(p->owner, peer)) {
        send_gone(cm, peer, m->call, m->device, REASON_NO_CALL);
        return;
    }
    if (m->reason == REASON_PRESERVED && party_established(p)) {
        party_preserve(cm, p);
        return;
    }
    struct party_change c = {.state = m->state,
                             .reason = m->reason,
                             .number = m->number,
                             .peer = m->peer,
                             .peer2 = m->peer2,
                             .consult_of = m->consult_of};
    party_show(cm, p, &c, moved);
    if (p->state == LEG_ENDED) {
        party_drop(cm, p);
    }
}

/* ---- Keys and requests: from the home, or from a CTI Manager, to the owner of the call ---- */

/* The party of a call of ours on a device of `home`. */
static struct party *party_of(struct callmanager *cm, struct proc_id home, struct call_id id,
                              struct device_id device)
{
    struct call *call = call_find(cm, id);
    struct party *p = call != NULL ? call_party(cm, call, device) : NULL;
    return p != NULL && proc_id_eq(p->home, home) ? p : NULL;
}

static void take_key(struct callmanager *cm, struct proc_id peer, const struct msg_sdl_key *m)
{
    struct party *p = party_of(cm, peer, m->call, m->device);
    enum reason reason = REASON_NO_CALL;
    if (p != NULL) {
        reason = call_key(cm, call_find(cm, m->call), p, m->key, m->number);
    }
    struct msg *out = callmanager_out(cm, MSG_SDL_KEY_RESULT, m->call.v);
    out->sdl_key_result = (struct msg_sdl_key_result){
        .call = m->call, .device = m->device, .key = m->key, .reason = reason};
    world_send(cm->world, LINK_SDL, peer, out);
}

static void take_key_result(struct callmanager *cm, struct proc_id peer,
                            const struct msg_sdl_key_result *m)
{
    struct party *p = party_find(cm, m->call, m->device);
    if (p != NULL && m->reason == REASON_NO_CALL && proc_id_eq(p->owner, peer) &&
        proc_id_eq(p->home, cm->self)) {
        struct party_change c = {.state = LEG_ENDED, .reason = REASON_NO_CALL};
        party_show(cm, p, &c, no_call);
        party_drop(cm, p);
    }
    if (m->device.v > 0 && m->device.v <= cm->devices_n) {
        keypad_result(cm, m->device, m->call, m->key, m->reason);
    }
}

static void take_gone(struct callmanager *cm, struct proc_id peer, const struct msg_sdl_gone *m)
{
    struct party *p = party_of(cm, peer, m->call, m->device);
    if (p != NULL) {
        call_party_gone(cm, call_find(cm, m->call), p, m->reason);
    }
}

static void take_offered(struct callmanager *cm, struct proc_id peer,
                         const struct msg_sdl_offered *m)
{
    struct party *p = party_of(cm, peer, m->call, m->device);
    if (p != NULL) {
        route_taken(cm, call_find(cm, m->call), p);
    } /* else the owner gave it up meanwhile, and has said so */
}

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

void mesh_request_result(struct callmanager *cm, uint64_t id, struct proc_id origin,
                         enum reason reason)
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
        mesh_request_result(cm, q.id, q.origin, REASON_UNKNOWN_DEVICE);
        return;
    }
    struct proc_id owner =
        q.key == KEY_DIAL ? registry_owner(cm->registry, q.device) : call_owner(q.call);
    if (link == LINK_SDL || proc_id_eq(owner, cm->self)) {
        /* The answer to DIAL must not overtake what it begins: nothing waits in between. */
        enum reason reason = perform(cm, &q);
        struct call *call =
            reason == REASON_NONE && q.key == KEY_ROUTE ? call_find(cm, q.call) : NULL;
        if (call != NULL && call->routing) {
            route_answer_to(call, q.origin, q.id);
        } else {
            mesh_request_result(cm, q.id, q.origin, reason);
        }
    } else if (mesh_is_up(cm, owner)) {
        struct msg *m = callmanager_out(cm, MSG_SDL_REQUEST, q.call.v);
        m->sdl_request = q;
        world_send(cm->world, LINK_SDL, owner, m);
    } else {
        mesh_request_result(cm, q.id, q.origin,
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

void mesh_message(struct callmanager *cm, enum link link, struct proc_id peer,
                  const struct msg *msg)
{
    ASSERT(link == LINK_SDL || link == LINK_LOCAL);
    if (link == LINK_SDL && !mesh_is_up(cm, peer)) {
        cm->rejected++;
        return;
    }
    if (msg->kind == MSG_SDL_SUBSCRIBE) {
        subscribe(cm, link, peer, msg->sdl_subscribe.on);
    } else if (msg->kind == MSG_SDL_REQUEST) {
        request(cm, link, peer, &msg->sdl_request);
    } else if (msg->kind == MSG_SDL_SNAPSHOT) {
        snapshot(cm, link, msg);
    } else if (msg->kind == MSG_SDL_EVENT || msg->kind == MSG_SDL_REQUEST_RESULT) {
        hand_on(cm, link, msg);
    } else if (link != LINK_SDL) {
        cm->rejected++;
    } else if (msg->kind == MSG_SDL_OFFER) {
        offered(cm, peer, &msg->sdl_offer);
    } else if (msg->kind == MSG_SDL_OFFERED) {
        take_offered(cm, peer, &msg->sdl_offered);
    } else if (msg->kind == MSG_SDL_LEG) {
        take_leg(cm, peer, &msg->sdl_leg);
    } else if (msg->kind == MSG_SDL_KEY) {
        take_key(cm, peer, &msg->sdl_key);
    } else if (msg->kind == MSG_SDL_KEY_RESULT) {
        take_key_result(cm, peer, &msg->sdl_key_result);
    } else if (msg->kind == MSG_SDL_GONE) {
        take_gone(cm, peer, &msg->sdl_gone);
    } else {
        cm->rejected++;
    }
}
