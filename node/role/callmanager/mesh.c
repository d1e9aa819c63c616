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

void mesh_link_up(struct callmanager *cm, struct proc_id peer)
{
    if (!has_callmanager(cm, peer.v)) {
        cm->rejected++;
        return;
    }
    cm->mesh[peer.v] = (struct mesh_peer){.up = true};
    broker_link_up(cm, peer);
    route_node_up(cm, peer);
}

void mesh_link_down(struct callmanager *cm, struct proc_id peer)
{
    if (!mesh_is_up(cm, peer)) {
        return;
    }
    cm->mesh[peer.v] = (struct mesh_peer){.up = false};
    broker_link_down(cm, peer);
    mesh_node_lost(cm, peer, MESH_ANY_INCARNATION);
}

/* ---- A node is lost ---- */

/* The owner of the call of a leg that lives here is gone. */
static void owner_lost(struct callmanager *cm, struct party *p)
{
    if (p->preserved && !p->hung_up) {
        return;
    }
    if (party_established(p) && !party_consults(cm, p) && !p->hung_up) {
        party_preserve(cm, p);
        return;
    }
    struct party_change c = {.state = LEG_ENDED,
                             .reason = p->hung_up ? REASON_HUNG_UP : REASON_DROPPED_IN_SETUP};
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
        if (!call_id_some(p->call) || !proc_id_eq(p->owner, node) || call_id_some(p->consult_of)) {
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
    if (!proc_id_eq(call_id_owner(o->call), peer) || o->device.v == 0 ||
        o->device.v > cm->devices_n || party_find(cm, o->call, o->device) != NULL) {
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
    broker_publish(cm, &e);
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
    if (!proc_id_eq(call_id_owner(m->call), peer) || m->device.v == 0 ||
        m->device.v > cm->devices_n) {
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

/* ---- Keys: from the home to the owner of the call ---- */

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
    enum reason reason = (enum reason)m->reason;
    bool over = p != NULL && reason == REASON_NO_CALL && proc_id_eq(p->owner, peer) &&
                proc_id_eq(p->home, cm->self);
    if (over) {
        bool released = m->key == KEY_HANGUP;
        struct party_change c = {.state = LEG_ENDED,
                                 .reason = released ? REASON_HUNG_UP : REASON_NO_CALL};
        party_show(cm, p, &c, no_call);
        party_drop(cm, p);
        reason = released ? REASON_NONE : reason;
    }
    if (m->device.v > 0 && m->device.v <= cm->devices_n) {
        keypad_result(cm, m->device, m->call, m->key, reason);
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

void mesh_message(struct callmanager *cm, enum link link, struct proc_id peer,
                  const struct msg *msg)
{
    ASSERT(link == LINK_SDL || link == LINK_LOCAL);
    if (link == LINK_SDL && !mesh_is_up(cm, peer)) {
        cm->rejected++;
        return;
    }
    if (broker_message(cm, link, peer, msg)) {
        return;
    }
    if (link != LINK_SDL) {
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
