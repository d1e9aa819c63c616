/* hub: all sessions of a process with all its peers: sockets below, messages above.
 *
 * One session for each (link, peer). Where both ends dial (SDL, members, PG sides), one connection
 * is enough: the dialling of the process with the lower number wins, the other end's is ignored and
 * given up when the winner's greeting comes. Peers are known by the owner of their key: the routing
 * id and the sender in the envelope must say the same name. Operators share a key; each gets a
 * number above PROCS_MAX for as long as its session lasts. */
#ifndef NODE_RUNTIME_HUB_H
#define NODE_RUNTIME_HUB_H

#include "node/base/time.h"
#include "node/base/topology.h"
#include "node/runtime/link.h"
#include "proto/codec.h"

#define HUB_GUESTS_MAX   32
#define HUB_CREDIT       64 /* frames on the way; below LINK_HWM */
#define HUB_GRACE_MS     500
#define HUB_RING_BYTES   (4u << 20) /* of address space; an idle session uses a page or two */
#define HUB_BATCH_BYTES  (128u << 10)
#define HUB_REJECTED_MAX ERR_COUNT

struct hub;

struct hub_events {
    void *context;
    void (*message)(void *context, enum link link, struct proc_id peer, const struct msg *msg);
    void (*up)(void *context, enum link link, struct proc_id peer);
    void (*down)(void *context, enum link link, struct proc_id peer, enum reason reason);
    /* Something came that is not let in; `peer` is none if it is not even known who sent it. */
    void (*rejected)(void *context, enum link link, struct proc_id peer, enum err why);
};

struct hub_config {
    const struct topology *topology;
    struct proc_id self;  /* none: an operator */
    char name[NAME_LEN];  /* whose key it is */
    char guest[NAME_LEN]; /* operators: what makes their routing ids differ, "4711-1" */
    char block[NAME_LEN]; /* "127.7.3." */
    struct incarnation incarnation;
    uint64_t seed;
    struct hlc *hlc; /* of the process */
    struct link_ground ground;
    struct hub_events events;
};

struct hub *hub_new(const struct hub_config *config);
void hub_free(struct hub **hub);

/* Errors  as link_listen */
MUST_CHECK enum err hub_listen(struct hub *hub, enum link link, bool on);
/* Errors  as link_dial */
MUST_CHECK enum err hub_connect(struct hub *hub, enum link link, struct proc_id peer, bool on);

/* To a session that is not up: dropped. Leaves with the next hub_turn. */
void hub_send(struct hub *hub, enum link link, struct proc_id peer, const struct msg *msg);

/* Let time pass, tell what is owed, send what waits. */
void hub_turn(struct hub *hub, struct instant now);
struct instant hub_deadline(const struct hub *hub);

/* "127.7.3.12"; false for a peer without an address. */
bool hub_address(const struct hub *hub, struct proc_id peer, char ret_address[LINK_ADDRESS_LEN]);

#endif
