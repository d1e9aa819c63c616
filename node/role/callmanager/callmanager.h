/* callmanager: the CallManager service of a node: serves devices, owns the calls that they make.
 *
 *   down --callmanager_start--> starting --SERVICE_UP of this incarnation applied--> serving
 *   any --callmanager_reset--> down (everything is forgotten, nobody is told)
 *
 * It reads the node's replica of the registry, and changes it only through proposals; a device is
 * served when its registration is committed and applied here, and not before. Without a lease it
 * takes no registrations and no new calls, and lets what runs run on.
 *
 * Modules: device (registrations), keypad (what a device asks about calls), call and feature
 * (calls owned here), route (where they go), party (legs), dialplan, mesh (other CallManagers and
 * the local CTI Manager).
 *
 * Source: docs/protocol.md, "Registration", "Calls", "Route points and CTI". */
#ifndef NODE_ROLE_CALLMANAGER_CALLMANAGER_H
#define NODE_ROLE_CALLMANAGER_CALLMANAGER_H

#include "cluster/registry/registry.h"
#include "node/role/callmanager/broker.h"
#include "node/role/callmanager/call.h"
#include "node/role/callmanager/device.h"
#include "node/role/callmanager/dialplan.h"
#include "node/role/callmanager/keypad.h"
#include "node/role/callmanager/mesh.h"
#include "node/role/callmanager/party.h"
#include "node/role/callmanager/route.h"
#include "proto/world.h"

/* How the CallManager changes what the nodes agree on. */
struct callmanager_raft {
    void *context;
    /* Bring a command to the registry; callmanager_result follows once, with this tag (below
     * 2^60), after the local registry holds it; never from inside this call.
     * Errors   ERR_FULL: too many wait; nothing has changed */
    enum err (*propose)(void *context, struct instant now, const struct msg_command *command,
                        uint64_t tag);
    /* May this node accept new work? */
    bool (*lease)(void *context, struct instant now);
};

/* About 4 MiB; the storage is the caller's and there is no other. */
struct callmanager {
    const struct topology *topology;
    struct proc_id self;
    const struct world *world;
    const struct registry *registry;
    struct callmanager_raft raft;
    struct incarnation incarnation;
    bool running;
    bool local_subscribed; /* the CTI Manager of this node wants events */
    struct instant now;    /* of the present event */
    struct msg out;        /* the message that is being built */
    uint64_t rejected;     /* messages that made no sense */
    /* device */
    uint32_t devices_n;
    struct device devices[DEVICES_MAX + 1];
    struct device_traveller travellers[DEVICE_TRAVELLERS_MAX];
    bool station_up[PROCS_MAX + 1];
    int64_t tokens_us;         /* registrations that may come now, as time: one costs 1 s / rate */
    struct instant tokens_at;  /* when that was true */
    struct instant retry_slot; /* the last moment that was given to somebody who was throttled */
    struct instant scan_at;    /* next look for missed keepalives */
    /* call */
    uint64_t calls_made;
    uint32_t calls_n;
    struct instant calls_at; /* not later than the first deadline of a call */
    struct call calls[CALLS_MAX];
    /* party */
    uint32_t parties_n, parties_free;
    struct party parties[PARTIES_MAX];
    /* mesh */
    struct mesh_peer mesh[PROCS_MAX + 1];
};

/* All pointers are borrowed for the whole life. */
void callmanager_init(struct callmanager *cm, const struct topology *topology, struct proc_id self,
                      const struct world *world, const struct registry *registry,
                      const struct callmanager_raft *raft);
/* The service starts with a new incarnation: listens, connects, and serves nobody until the
 * registry shows it up. */
void callmanager_start(struct callmanager *cm, struct instant now, struct incarnation incarnation);
/* The service crashed or was stopped: closes its links without a word and forgets everything. */
void callmanager_reset(struct callmanager *cm);

/* STATION, SDL and LOCAL; what comes while it is down is dropped. */
void callmanager_message(struct callmanager *cm, struct instant now, enum link link,
                         struct proc_id peer, const struct msg *msg);
void callmanager_link_up(struct callmanager *cm, struct instant now, enum link link,
                         struct proc_id peer);
void callmanager_link_down(struct callmanager *cm, struct instant now, enum link link,
                           struct proc_id peer);
void callmanager_registry_changed(struct callmanager *cm, struct instant now,
                                  const struct registry_change *change);
void callmanager_result(struct callmanager *cm, struct instant now, uint64_t tag,
                        const struct msg_command_result *result);
struct instant callmanager_deadline(const struct callmanager *cm);
void callmanager_tick(struct callmanager *cm, struct instant now);

/* The registry shows this incarnation up. */
bool callmanager_serving(const struct callmanager *cm);
/* Serving, and with a lease. */
bool callmanager_may_work(const struct callmanager *cm);

/* For op_status and op_list: devices with a session here, route points held here, calls owned. */
uint32_t callmanager_devices(const struct callmanager *cm, enum device_kind kind);
uint32_t callmanager_calls(const struct callmanager *cm);
/* Legs on the devices of this node; `after` rows are passed over. Answers how many are in `rows`.
 */
uint32_t callmanager_legs(const struct callmanager *cm, struct instant now, uint32_t after,
                          uint32_t rows_max, struct msg_op_call *rows, bool *ret_last);

/* For its own modules: the message to fill, with its kind; and one event for the spine. */
struct msg *callmanager_out(struct callmanager *cm, enum msg_kind kind, uint64_t correlation);
void callmanager_trace(struct callmanager *cm, const struct event *event);

#endif
