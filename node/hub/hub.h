/* hub: all sessions of a process with all its peers: frames below, messages above.
 *
 * One session for each (link, peer). Where both ends dial (SDL, members, PG sides), one connection
 * is enough: the dialling of the process with the lower number wins, the other end's is ignored and
 * given up when the winner's greeting comes. Operators share a key; each gets a number above
 * PROCS_MAX for as long as its session lasts.
 *
 * Below a hub is a ground: what carries frames, and the clock. There are two, as for everything:
 * sockets (node/runtime/wires) and the simulated network (cluster/sim/sim_net). The ground knows
 * who sent a frame before it hands it over. */
#ifndef NODE_HUB_HUB_H
#define NODE_HUB_HUB_H

#include "node/base/time.h"
#include "node/base/topology.h"
#include "proto/codec.h"

#define HUB_GUESTS_MAX  32
#define HUB_ROUTING_LEN 64 /* "sub1/station", "operator/4711-1"; with its NUL */
#define HUB_CREDIT      64 /* frames on the way; below what the ground buffers */
#define HUB_GRACE_MS    500
#define HUB_RING_BYTES  (4u << 20) /* of address space; an idle session uses a page or two */
#define HUB_BATCH_BYTES (128u << 10)

struct hub;

struct hub_events {
    void *context;
    void (*message)(void *context, enum link link, struct proc_id peer, const struct msg *msg);
    void (*up)(void *context, enum link link, struct proc_id peer);
    void (*down)(void *context, enum link link, struct proc_id peer, enum reason reason);
    /* Something came that is not let in, or a peer cannot be dialled. */
    void (*rejected)(void *context, enum link link, struct proc_id peer, enum err why);
};

/* What a hub asks of the world below it. */
struct hub_ground {
    void *context;
    struct instant (*now)(void *context);
    int64_t (*wall_ms)(void *context);
    /* Errors  what keeps the process from listening */
    enum err (*listen)(void *context, enum link link, bool on);
    /* Try for a connection to the listener of `peer`, again and again, until hang_up. Tells
     * hub_dialled_up, _lost and _refused, never from inside a call of the hub.
     * Errors  the peer cannot be dialled at all */
    enum err (*dial)(void *context, enum link link, struct proc_id peer);
    /* linger  what was sent last gets a moment to leave */
    void (*hang_up)(void *context, enum link link, struct proc_id peer, bool linger);
    /* dialled  over the own connection to `peer`; else over the one that it made as `routing`.
     * Errors   ERR_UNKNOWN  there is no such connection
     *          others       the frame is lost, as on any bad network */
    enum err (*send)(void *context, enum link link, struct proc_id peer, bool dialled,
                     const char *routing, const struct codec_frame *frame);
};

struct hub_config {
    const struct topology *topology; /* borrowed */
    struct proc_id self;             /* none: an operator */
    char name[NAME_LEN];             /* in its envelopes */
    struct incarnation incarnation;
    uint64_t seed;
    struct hlc *hlc; /* of the process; borrowed */
    struct hub_ground ground;
    struct hub_events events;
};

struct hub *hub_new(const struct hub_config *config);
void hub_free(struct hub **hub);

/* Errors  as of the ground */
MUST_CHECK enum err hub_listen(struct hub *hub, enum link link, bool on);
MUST_CHECK enum err hub_connect(struct hub *hub, enum link link, struct proc_id peer, bool on);

/* To a session that is not up: dropped. Leaves with the next hub_turn. */
void hub_send(struct hub *hub, enum link link, struct proc_id peer, const struct msg *msg);

/* Let time pass, tell what is owed, send what waits. */
void hub_turn(struct hub *hub, struct instant now);
struct instant hub_deadline(const struct hub *hub);

/* -- From the ground. -- */

/* A frame of `peer` at our listener. `routing` is the name that its connection has there. */
void hub_accepted_frame(struct hub *hub, enum link link, struct proc_id peer, const char *routing,
                        const struct codec_frame *frame);
/* Some connection at our listener is gone; try to send, and see whose. */
void hub_someone_left(struct hub *hub, enum link link);
/* The same and more of a connection that we dialled. Late news of one that was hung up is dropped.
 */
void hub_dialled_frame(struct hub *hub, enum link link, struct proc_id peer,
                       const struct codec_frame *frame);
void hub_dialled_up(struct hub *hub, enum link link, struct proc_id peer);
void hub_dialled_lost(struct hub *hub, enum link link, struct proc_id peer);
void hub_dialled_refused(struct hub *hub, enum link link, struct proc_id peer);

/* The number of the operator that came as `routing`, or a free one for it; none: there are too
 * many. */
struct proc_id hub_guest(const struct hub *hub, const char *routing);

#endif
