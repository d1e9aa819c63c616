/* ctimanager: the CTI Manager service of a node: the broker between a PG side and the devices.
 *
 *   provider:  none --provider_open--> open --(link down)--> kept --(open again)--> open
 *              any  --provider_close, overflow, kept too long, new provider of the peer--> none
 *   monitor:   none --monitor--> waiting --(its turn; a route point: opened)--> confirmed
 *
 * A provider belongs to one PG side; only the sides that the topology wires to this node may open
 * one (CTI-2). It speaks on LINK_JTAPI with the sides and on LINK_LOCAL with the CallManager of its
 * own node, never with another CTI Manager. IN_SERVICE and OUT_OF_SERVICE are read from this node's
 * replica of the registry.
 *
 * Source: docs/protocol.md, "Route points and CTI", "PG and its CTI Manager". */
#ifndef NODE_ROLE_CTIMANAGER_CTIMANAGER_H
#define NODE_ROLE_CTIMANAGER_CTIMANAGER_H

#include "node/base/topology.h"
#include "proto/world.h"

#define CTIMANAGER_PROVIDERS_MAX 8
#define CTIMANAGER_REPLAY_MAX    4096 /* events of a provider that wait for its acknowledgement */
#define CTIMANAGER_REQUESTS_MAX  1024 /* requests on their way at the local CallManager */

struct registry;
struct ctimanager_provider;
struct ctimanager_request;

/* How the CTI Manager asks for a change of the registry. Nothing is answered: what came of it is
 * seen in the registry, and asked again after a while if it is still wanted. */
struct ctimanager_raft {
    void *context;
    void (*propose)(void *context, const struct msg_command *command);
};

struct ctimanager {
    const struct topology *topology;
    struct proc_id self;
    const struct world *world;
    const struct registry *registry;
    struct ctimanager_raft raft;
    bool running;
    bool callmanager_up;
    struct incarnation incarnation;
    uint32_t devices_n;
    uint64_t providers_opened; /* since the start: the low part of a provider's number */
    uint64_t requests_made;
    uint64_t rejected;         /* messages that made no sense */
    struct ctimanager_provider *providers; /* CTIMANAGER_PROVIDERS_MAX */
    struct ctimanager_request *requests;   /* CTIMANAGER_REQUESTS_MAX */
    struct ctimanager_point *points;       /* one a device: asked to open, and when again */
    struct instant points_at;              /* when to look at the route points again */
};

/* Take all memory that the role will ever use. `topology`, `world` and `registry` must outlive it.
 * Errors  ERR_MEMORY: nothing is held. */
MUST_CHECK enum err ctimanager_init(struct ctimanager *m, const struct topology *topology,
                                    struct proc_id self, const struct world *world,
                                    const struct registry *registry,
                                    const struct ctimanager_raft *raft);
void ctimanager_deinit(struct ctimanager *m);

/* The service starts: listens on LINK_JTAPI. The incarnation is the service's. */
void ctimanager_start(struct ctimanager *m, struct instant now, struct incarnation incarnation);
/* The service crashed: it forgets everything, closes LINK_JTAPI and says nothing to anyone. */
void ctimanager_reset(struct ctimanager *m);
/* The service stops politely: providers are told (out of service, SHUTDOWN), then as a crash. */
void ctimanager_stop(struct ctimanager *m, struct instant now);

/* JTAPI: provider_open, provider_close, monitor, cti_event_ack, cti_request.
 * LOCAL: sdl_event, sdl_request_result; `peer` is not read. */
void ctimanager_message(struct ctimanager *m, struct instant now, enum link link,
                        struct proc_id peer, const struct msg *msg);
/* Sessions of LINK_JTAPI. */
void ctimanager_link_up(struct ctimanager *m, struct instant now, enum link link,
                        struct proc_id peer);
void ctimanager_link_down(struct ctimanager *m, struct instant now, enum link link,
                          struct proc_id peer, enum reason reason);
/* The CallManager of this node serves (up), or is gone. Called once after _start with the present
 * state, then at each change. */
void ctimanager_local_callmanager(struct ctimanager *m, struct instant now, bool up);
/* The registry was applied to. `device` says which device changed; none: it may be any (a node or
 * a service came or went, a snapshot was installed). */
void ctimanager_registry_changed(struct ctimanager *m, struct instant now,
                                 struct device_id device);

struct instant ctimanager_deadline(const struct ctimanager *m);
void ctimanager_tick(struct ctimanager *m, struct instant now);

/* For op_status and tests. */
uint32_t ctimanager_providers(const struct ctimanager *m);
uint32_t ctimanager_monitors(const struct ctimanager *m);

#endif
