#include "node/role/callmanager/callmanager.h"

#include "node/base/plant.h"

#include <string.h>

void callmanager_init(struct callmanager *cm, const struct topology *topology, struct proc_id self,
                      const struct world *world, const struct registry *registry,
                      const struct callmanager_raft *raft)
{
    ASSERT(topology_proc_of(topology, self) != NULL);
    memset(cm, 0, sizeof *cm);
    cm->topology = topology;
    cm->self = self;
    cm->world = world;
    cm->registry = registry;
    cm->raft = *raft;
    cm->devices_n = topology_devices(topology);
    ASSERT(cm->devices_n <= DEVICES_MAX);
}

/* Everything that a service knows and its process does not. */
static void forget(struct callmanager *cm)
{
    cm->local_subscribed = false;
    memset(cm->devices, 0, sizeof cm->devices);
    memset(cm->travellers, 0, sizeof cm->travellers);
    memset(cm->station_up, 0, sizeof cm->station_up);
    memset(cm->mesh, 0, sizeof cm->mesh);
    cm->calls_made = 0;
    call_forget_all(cm);
    party_forget_all(cm);
}

void callmanager_start(struct callmanager *cm, struct instant now, struct incarnation incarnation)
{
    ASSERT(!cm->running);
    ASSERT(incarnation.v > cm->incarnation.v);
    cm->now = now;
    forget(cm);
    for (uint32_t v = 1; v <= cm->devices_n; v++) {
        const struct registry_device *d = registry_device(cm->registry, (struct device_id){v});
        ASSERT(d != NULL);
        cm->devices[v].kind = d->kind;
    }
    cm->running = true;
    cm->incarnation = incarnation;
    cm->tokens_us = 1000000;
    cm->tokens_at = now;
    cm->retry_slot = now;
    cm->scan_at = instant_add(now, cm->topology->timers.phone_keepalive);
    cm->world->listen(cm->world->context, LINK_STATION, true);
    mesh_start(cm);
}

void callmanager_reset(struct callmanager *cm)
{
    ASSERT(cm->running);
    cm->running = false;
    cm->world->listen(cm->world->context, LINK_STATION, false);
    mesh_stop(cm);
    forget(cm);
}

bool callmanager_serving(const struct callmanager *cm)
{
    if (!cm->running) {
        return false;
    }
    const struct registry_node *node = registry_node(cm->registry, cm->self);
    return node != NULL && registry_service_up(cm->registry, cm->self, SERVICE_CALLMANAGER) &&
           incarnation_eq(node->service[SERVICE_CALLMANAGER], cm->incarnation);
}

bool callmanager_may_work(const struct callmanager *cm)
{
    return callmanager_serving(cm) &&
           (cm->raft.lease(cm->raft.context, cm->now) || PLANTED(NO_LEASE));
}

static void station_message(struct callmanager *cm, struct proc_id peer, const struct msg *msg)
{
    if (msg->kind == MSG_STATION_KEEPALIVE) {
        device_keepalive(cm, peer, &msg->station_keepalive);
    } else if (msg->kind == MSG_STATION_REGISTER) {
        device_register(cm, peer, &msg->station_register);
    } else if (msg->kind == MSG_STATION_UNREGISTER) {
        device_unregister(cm, peer, &msg->station_unregister);
    } else if (msg->kind == MSG_STATION_PRESERVED) {
        device_preserved(cm, peer, &msg->station_preserved);
    } else if (msg->kind == MSG_STATION_FALLBACK) {
        device_fallback(cm, peer, &msg->station_fallback);
    } else if (msg->kind == MSG_STATION_DIAL) {
        keypad_dial(cm, peer, &msg->station_dial);
    } else if (msg->kind == MSG_STATION_KEY) {
        keypad_key(cm, peer, &msg->station_key);
    } else {
        cm->rejected++;
    }
}

void callmanager_message(struct callmanager *cm, struct instant now, enum link link,
                         struct proc_id peer, const struct msg *msg)
{
    cm->now = now;
    if (!cm->running || !msg_allowed(msg->kind, link)) {
        cm->rejected++;
    } else if (link == LINK_STATION) {
        station_message(cm, peer, msg);
    } else {
        mesh_message(cm, link, peer, msg);
    }
}

void callmanager_link_up(struct callmanager *cm, struct instant now, enum link link,
                         struct proc_id peer)
{
    cm->now = now;
    if (!cm->running) {
        return;
    }
    if (link == LINK_SDL) {
        mesh_link_up(cm, peer);
    } else if (link == LINK_STATION && peer.v <= PROCS_MAX) {
        cm->station_up[peer.v] = true;
    }
}

void callmanager_link_down(struct callmanager *cm, struct instant now, enum link link,
                           struct proc_id peer)
{
    cm->now = now;
    if (!cm->running) {
        return;
    }
    if (link == LINK_SDL) {
        mesh_link_down(cm, peer);
    } else if (link == LINK_STATION && peer.v <= PROCS_MAX) {
        cm->station_up[peer.v] = false;
        device_link_down(cm, peer);
    }
}

static void node_changed(struct callmanager *cm, struct proc_id node, bool up,
                         struct incarnation incarnation)
{
    if (proc_id_eq(node, cm->self)) {
        return;
    }
    uint32_t low = (uint32_t)incarnation.v & 0xffffu;
    if (up) {
        mesh_node_anew(cm, node, low);
    } else {
        mesh_node_lost(cm, node, low);
    }
}

static void everything_changed(struct callmanager *cm)
{
    for (uint16_t v = 1; v <= cm->topology->procs_n; v++) {
        struct proc_id node = {v};
        if (cm->topology->procs[v - 1].kind != PROC_NODE) {
            continue;
        }
        bool up = registry_service_up(cm->registry, node, SERVICE_CALLMANAGER);
        const struct registry_node *n = registry_node(cm->registry, node);
        if (up) {
            node_changed(cm, node, true, n->service[SERVICE_CALLMANAGER]);
        } else if (!proc_id_eq(node, cm->self)) {
            mesh_node_lost(cm, node, MESH_ANY_INCARNATION);
        }
    }
    for (uint32_t v = 1; v <= cm->devices_n; v++) {
        device_registry_changed(cm, (struct device_id){v});
    }
}

void callmanager_registry_changed(struct callmanager *cm, struct instant now,
                                  const struct registry_change *change)
{
    cm->now = now;
    if (!cm->running) {
        return;
    }
    switch (change->kind) {
    case REGISTRY_CHANGE_DEVICE:
        device_registry_changed(cm, change->device);
        return;
    case REGISTRY_CHANGE_SERVICE:
        if (change->service == SERVICE_CALLMANAGER) {
            node_changed(cm, change->node, change->up, change->incarnation);
        }
        return;
    case REGISTRY_CHANGE_NODE:
        if (!change->up && !proc_id_eq(change->node, cm->self)) {
            const struct registry_node *n = registry_node(cm->registry, change->node);
            if (n != NULL &&
                !registry_service_up(cm->registry, change->node, SERVICE_CALLMANAGER)) {
                node_changed(cm, change->node, false, n->service[SERVICE_CALLMANAGER]);
            }
        }
        return;
    case REGISTRY_CHANGE_ALL:
        everything_changed(cm);
        return;
    case REGISTRY_CHANGE_FORWARD:
    case REGISTRY_CHANGE_CONFIG:
        return; /* read when a number is dialled */
    }
    UNREACHABLE("every change is listed");
}

void callmanager_result(struct callmanager *cm, struct instant now, uint64_t tag,
                        const struct msg_command_result *result)
{
    cm->now = now;
    if (cm->running) {
        device_result(cm, tag, result);
    }
}

struct instant callmanager_deadline(const struct callmanager *cm)
{
    return cm->running ? instant_min(cm->scan_at, cm->calls_at) : INSTANT_NEVER;
}

void callmanager_tick(struct callmanager *cm, struct instant now)
{
    cm->now = now;
    if (!cm->running) {
        return;
    }
    if (instant_reached(now, cm->scan_at)) {
        device_scan(cm, instant_since(now, cm->scan_at));
        cm->scan_at =
            instant_add(now, (struct duration){cm->topology->timers.phone_keepalive.us / 2 + 1});
    }
    if (instant_reached(now, cm->calls_at)) {
        /* What expires may arm other deadlines; they are kept. */
        cm->calls_at = INSTANT_NEVER;
        struct instant next = call_expire(cm);
        cm->calls_at = instant_min(cm->calls_at, next);
    }
}

uint32_t callmanager_devices(const struct callmanager *cm, enum device_kind kind)
{
    return cm->running ? device_count(cm, kind) : 0;
}

uint32_t callmanager_calls(const struct callmanager *cm)
{
    return cm->calls_n;
}

static void fill_row(const struct party *p, struct instant now, struct msg_op_call *row)
{
    *row = (struct msg_op_call){.call = p->call,
                                .device = p->device,
                                .other = p->other,
                                .state = p->state,
                                .for_us = instant_since(now, p->since).us,
                                .preserved = p->preserved};
    memcpy(row->from, p->from, sizeof row->from);
    memcpy(row->to, p->to, sizeof row->to);
}

uint32_t callmanager_legs(const struct callmanager *cm, struct instant now, uint32_t after,
                          uint32_t rows_max, struct msg_op_call *rows, bool *ret_last)
{
    uint32_t n = 0, seen = 0;
    *ret_last = true;
    for (uint32_t v = 1; v <= cm->devices_n && cm->parties_n > 0; v++) {
        for (uint32_t i = cm->devices[v].parties; i != 0; i = cm->parties[i].next) {
            const struct party *p = &cm->parties[i];
            if (!proc_id_eq(p->home, cm->self) || seen++ < after) {
                continue;
            }
            if (n == rows_max) {
                *ret_last = false;
                return n;
            }
            fill_row(p, now, &rows[n++]);
        }
    }
    return n;
}

struct msg *callmanager_out(struct callmanager *cm, enum msg_kind kind, uint64_t correlation)
{
    cm->out.kind = kind;
    cm->out.correlation = correlation;
    return &cm->out;
}

void callmanager_trace(struct callmanager *cm, const struct event *event)
{
    world_trace(cm->world, event);
}
