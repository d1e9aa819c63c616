/* duplex: which side of the pair is active.
 *
 *   STANDBY --nobody is active, and this side could be: pg_hello--> ASKING
 *   ASKING --granted--> MONITORING --all monitors confirmed--> ACTIVE
 *   ASKING --refused, controller lost, provider lost--> STANDBY
 *   MONITORING, ACTIVE --provider lost, another side has a newer epoch,
 *                        no controller while the peer has one, or neither peer nor
 *                        controller and the peer was heavier--> STANDBY (give up)
 *
 * The controller grants before anything is done, so a side that is cut off from its peer but not
 * from the controller writes no row for calls that the other side still serves. Nothing here ever
 * ends an active side because the other one came back (PG-2). A side whose provider was lost waits
 * until it has been in service for a while, twice as long each time (hold-down).
 *
 * Weight is how many devices of the pair a side reaches. While the pair is apart the controller
 * lets the heavier side take over; without a controller nobody can, and the lighter side lets go:
 * it is the one that is cut off.
 *
 * A side that was asleep for as long as its peer needs to miss it may have been replaced without
 * knowing it. It is unsure then, and does nothing until the controller says its epoch again.
 *
 * Source: docs/protocol.md, "PG pair". */
#ifndef NODE_ROLE_PG_DUPLEX_H
#define NODE_ROLE_PG_DUPLEX_H

#include "node/base/topology.h"
#include "proto/world.h"

#define DUPLEX_START_WAIT_MS 3000 /* side B lets side A go first */
#define DUPLEX_HOLD_DOUBLINGS                                                                     \
    3                           /* of the time a side waits in service: below the bound of LIVE-1 \
                                 */
#define DUPLEX_CALM_BEATS    60 /* JTAPI heartbeats in the active role that forget old losses */
#define DUPLEX_ASK_QUICK     8  /* refusals before it asks less often */
#define DUPLEX_ASK_DOUBLINGS 4

enum duplex_state { DUPLEX_STANDBY, DUPLEX_ASKING, DUPLEX_MONITORING, DUPLEX_ACTIVE };
enum duplex_order { DUPLEX_NOTHING, DUPLEX_BEGIN, DUPLEX_ACTIVATE, DUPLEX_GIVE_UP };

struct duplex {
    const struct topology *topology;
    const struct world *world;
    enum side side;
    uint32_t pair;
    enum duplex_state state;
    uint32_t epoch;   /* granted to this side */
    uint32_t highest; /* ever heard of */
    uint32_t agreed;  /* the peer gave up and proposed this epoch; 0: no */
    enum reason why;  /* of DUPLEX_GIVE_UP */
    bool fenced;      /* another side has a newer epoch */
    bool unsure;      /* it slept; the controller has not said yet that the epoch still counts */
    uint32_t hellos;  /* the number of the last one */
    uint32_t sure_by; /* a grant that answers this hello, or a later one, ends `unsure` */

    struct proc_id controller; /* the one that is spoken to; none: no path */
    bool told;                 /* it answered a hello since it is linked */
    struct instant controller_lost;

    bool provider_up;
    bool closed;     /* by this side itself, and not up again since: that is no loss */
    uint32_t losses; /* of the provider, lately */
    struct instant hold_until;

    uint32_t weight, peer_weight; /* the peer's: as it said last */
    uint32_t told_weight;         /* to the controller */
    bool paired, told_apart;
    struct instant apart_since; /* NEVER: the peer is linked */

    bool peer_up, peer_active, peer_provider, peer_controller;
    struct instant peer_reaches_since; /* it has both; NEVER: it has not */
    bool peer_lost; /* it was active when its link broke, and nobody has said what became of it */
    uint32_t peer_epoch;

    struct instant start_until, ask_at, active_since;
    uint32_t asked; /* refusals in a row */
};

void duplex_init(struct duplex *d, const struct topology *topology, struct proc_id self,
                 const struct world *world);
void duplex_start(struct duplex *d, struct instant now);

/* How long this side may sleep and still be sure that nobody took over meanwhile. */
struct duration duplex_sleep_max(const struct duplex *d);
/* It slept for longer. A side that acts is unsure from now on; one that asks asks anew. */
void duplex_slept(struct duplex *d);

/* News. duplex_step() afterwards says what is to be done. */
void duplex_controller(struct duplex *d, struct instant now, struct proc_id controller);
void duplex_grant(struct duplex *d, struct instant now, const struct msg_pg_grant *grant);
void duplex_provider(struct duplex *d, struct instant now, bool up, enum reason reason);
/* This side closed its provider, and waits for another one. */
void duplex_provider_closed(struct duplex *d);
void duplex_weight(struct duplex *d, uint32_t devices);
void duplex_peer_link(struct duplex *d, struct instant now, bool up);
void duplex_peer_status(struct duplex *d, struct instant now,
                        const struct msg_private_status *status);
void duplex_peer_gave_up(struct duplex *d, const struct msg_private_give_up *m);

/* What is to be done now; called until it says DUPLEX_NOTHING. `open`: the provider can be asked.
 *   BEGIN     granted: take over what the peer left (d->peer_lost), then ask for all monitors
 *   ACTIVATE  all monitors are confirmed: this side is active
 *   GIVE_UP   this side was MONITORING or ACTIVE and is not any more, because of d->why */
enum duplex_order duplex_step(struct duplex *d, struct instant now, bool open, bool all_confirmed);
struct instant duplex_deadline(const struct duplex *d);

/* This side orders the inputs of the OPC: MONITORING or ACTIVE. */
bool duplex_acts(const struct duplex *d);

#endif
