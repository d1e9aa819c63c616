/* ctimanager: the CTI Manager service of a node: the broker between a PG side and the devices.
 *
 * It speaks on LINK_JTAPI with the PG sides that the topology wires to this node (CTI-2: nobody
 * else may open a provider) and on LINK_LOCAL with the CallManager of its own node, never with
 * another CTI Manager. IN_SERVICE and OUT_OF_SERVICE are read from this node's replica of the
 * registry.
 *
 * Source: docs/protocol.md, "Route points and CTI", "PG and its CTI Manager". */
#ifndef NODE_ROLE_CTIMANAGER_CTIMANAGER_H
#define NODE_ROLE_CTIMANAGER_CTIMANAGER_H

#include "cluster/registry/registry.h"
#include "node/base/topology.h"
#include "node/role/ctimanager/provider.h"
#include "node/role/ctimanager/told.h"
#include "proto/world.h"

#define CTIMANAGER_PROVIDERS_MAX 8
#define CTIMANAGER_REQUESTS_MAX  1024 /* requests on their way at the local CallManager */
#define CTIMANAGER_AHEAD_MAX     256  /* events that came before this replica knew the owner */

/* How the CTI Manager asks for a change of the registry. Nothing is answered: what came of it is
 * seen in the registry, and asked again after a while if it is still wanted. */
struct ctimanager_raft {
    void *context;
    void (*propose)(void *context, const struct msg_command *command);
};

/* A request of a provider that the local CallManager has. */
struct ctimanager_request {
    uint64_t id; /* ours; 0: free */
    uint64_t provider;
    uint64_t asked; /* the provider's own number of it */
    struct instant deadline;
};

/* A route point that was asked for: not again before `again`. */
struct ctimanager_point {
    struct device_id device;
    uint32_t group;
    bool asked;
    struct instant again;
};

/* What is on its way about a device. */
struct ctimanager_device {
    bool asked;  /* a snapshot was asked for, and is not complete yet */
    bool missed; /* an event that came too early was lost: ask when its owner is known */
};

/* About 8 MiB; its storage is the caller's. */
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
    uint64_t providers_made; /* since the start: the low part of a provider's number */
    uint64_t requests_made;
    uint64_t rejected; /* messages that made no sense */
    uint32_t providers_n;
    struct provider providers[CTIMANAGER_PROVIDERS_MAX]; /* of the PG sides that are wired here */
    struct ctimanager_request requests[CTIMANAGER_REQUESTS_MAX];
    struct instant requests_at; /* no request runs out before */
    struct ctimanager_point points[DIALLED_MAX];
    struct instant points_at;     /* when to look at the route points again */
    bool sessions[PROCS_MAX + 1]; /* the local CallManager has one with this node */
    struct instant reach_at;      /* when providers are told what they reach; NEVER: no change */
    struct ctimanager_device devices[DEVICES_MAX + 1];
    struct told told;
    uint32_t ahead_n;
    struct msg_device_event ahead[CTIMANAGER_AHEAD_MAX]; /* in the order of their coming */
};

/* `topology`, `world` and `registry` must outlive it.
 * Errors  ERR_FULL  more PG sides are wired here than CTIMANAGER_PROVIDERS_MAX */
MUST_CHECK enum err ctimanager_init(struct ctimanager *m, const struct topology *topology,
                                    struct proc_id self, const struct world *world,
                                    const struct registry *registry,
                                    const struct ctimanager_raft *raft);
/* The end of its life; nothing is held that would have to be given back. */
void ctimanager_deinit(struct ctimanager *m);

/* The service starts: listens on LINK_JTAPI. The incarnation is the service's. */
void ctimanager_start(struct ctimanager *m, struct instant now, struct incarnation incarnation);
/* The service crashed: it forgets everything, closes LINK_JTAPI and says nothing to anyone. */
void ctimanager_reset(struct ctimanager *m);
/* The service stops politely: providers are told (out of service, SHUTDOWN), then as a crash. */
void ctimanager_stop(struct ctimanager *m);

/* JTAPI: provider_open, provider_close, monitor, cti_event_ack, cti_request.
 * LOCAL: sdl_event, sdl_request_result, sdl_session; `peer` is not read. */
void ctimanager_message(struct ctimanager *m, struct instant now, enum link link,
                        struct proc_id peer, const struct msg *msg);
/* Sessions of LINK_JTAPI; others are passed over. */
void ctimanager_link_up(struct ctimanager *m, struct instant now, enum link link,
                        struct proc_id peer);
void ctimanager_link_down(struct ctimanager *m, struct instant now, enum link link,
                          struct proc_id peer, enum reason reason);
/* The CallManager of this node serves (up), or is gone. Called once after _start with the present
 * state, then at each change; telling the same twice changes nothing. */
void ctimanager_local_callmanager(struct ctimanager *m, struct instant now, bool up);
/* The registry was applied to. `device` says which device changed; none: it may be any (a node or
 * a service came or went, a snapshot was installed). */
void ctimanager_registry_changed(struct ctimanager *m, struct instant now, struct device_id device);

struct instant ctimanager_deadline(const struct ctimanager *m);
void ctimanager_tick(struct ctimanager *m, struct instant now);

/* For op_status and tests: open providers, confirmed monitors. */
uint32_t ctimanager_providers(const struct ctimanager *m);
uint32_t ctimanager_monitors(const struct ctimanager *m);

/* For provider.c and watch.c: count and trace what a peer should not have said. */
void ctimanager_reject(struct ctimanager *m, struct proc_id peer, enum reason reason,
                       const char *why);

#endif
