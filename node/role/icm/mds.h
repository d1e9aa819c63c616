/* mds: one side of the central controller: the message delivery that keeps two routers in lockstep.
 *
 *   ISOLATED_DISABLED --device majority, and the other side does not serve--> ISOLATED_ENABLED
 *   ISOLATED_* --private link, the other side is not enabled (A goes first)--> PAIRED_ENABLED
 *   ISOLATED_* --private link, the other side is enabled: state transfer-----> PAIRED_DISABLED
 *   PAIRED_* --private link lost, device majority--> ISOLATED_ENABLED, else ISOLATED_DISABLED
 *   any --it slept--> ISOLATED_DISABLED (and a PAIRED_DISABLED side becomes PAIRED_ENABLED)
 *
 * The enabled side numbers all inputs: what PG sides say, their links, time, what is on disk. It
 * hands each to the other side and applies it when that one has it, so whatever either router did,
 * the other one can do too. A disabled side hands what it hears to the enabled one. Both routers do
 * everything; what they say to a PG side leaves on the side that has the PG's active path, the one
 * over which it said hello last.
 *
 * A controller with one side has none of this: its router gets everything at once.
 *
 * Source: docs/adr/0015-duplexed-controller.md; docs/protocol.md, "Central controller pair" */
#ifndef NODE_ROLE_ICM_MDS_H
#define NODE_ROLE_ICM_MDS_H

#include "node/role/icm/icm.h"
#include "node/role/icm/majority.h"
#include "node/role/icm/recovery.h"

#define MDS_INPUTS_MAX  4096 /* that the other side does not have yet, or has not given back */
#define MDS_TICKETS_MAX 4096

/* What a PG side may say. X(NAME, name) */
#define MDS_BODY_MAP(X)             \
    X(PG_HELLO, pg_hello)           \
    X(PG_WEIGHT, pg_weight)         \
    X(ROUTE_REQUEST, route_request) \
    X(ROUTE_CANCEL, route_cancel)   \
    X(AGENT_UPDATE, agent_update)   \
    X(RECORD_TCD, record_tcd)       \
    X(RECORD_LOGOUT, record_logout) \
    X(RECORD_STATE, record_state)

struct mds_item {
    struct msg_mds_input head;
    enum msg_kind kind; /* of the message of a MESSAGE */
    uint64_t correlation;
    union {
#define MDS_BODY(NAME, name) struct msg_##name name;
        MDS_BODY_MAP(MDS_BODY)
#undef MDS_BODY
    };
};

struct mds_queue {
    uint32_t first, n;
    struct mds_item items[MDS_INPUTS_MAX];
};

/* The paths of a PG side, the same on both sides: a bit for each side that it is linked to, and the
 * side that it speaks to. */
struct mds_path {
    uint32_t linked;
    enum side active;
};

/* What the router stored, by its own count of tickets and by the driver's. */
struct mds_ticket {
    uint64_t driver, router;
};

struct mds {
    const struct topology *topology;
    const struct world *world;
    struct world inner; /* the router's world */
    struct proc_id self;
    enum side side;
    struct proc_id peer; /* the other side; none: there is one side */
    int64_t wall_offset_us;
    struct instant now;
    enum mds_state state;
    struct icm icm;
    struct majority majority;
    struct recovery recovery;
    bool linked[PROCS_MAX + 1]; /* PG sides, to this side */

    /* The pair. */
    bool peer_up, peer_told;
    enum mds_state peer_state; /* as it said last; ISOLATED_DISABLED: nothing yet */
    bool peer_synced;          /* it has our state, and gets every input */
    uint64_t peer_stored;
    bool state_asked, taking; /* for the peer's state; it comes */
    struct instant beat_at;

    /* The order. */
    uint64_t ordered; /* inputs that have a number */
    uint64_t seq;     /* inputs that are applied */
    int64_t at_us;    /* of the last one */
    int64_t clock_us; /* the routers' clock minus the driver's */
    struct mds_path paths[PROCS_MAX + 1];
    bool tick_ordered; /* here, and not yet applied: there is no need of another one */
    bool head_waits;   /* for its message: */
    struct msg_mds_input head;
    bool gap; /* the peer's inputs make no sense any more: its state is to be asked for */

    /* What the routers stored. */
    uint64_t ticket, stored, told_stored; /* given; on this disk; ordered as on both */
    uint32_t tickets_first, tickets_n;

    /* Large, and mostly empty: what is not in use is never touched. */
    struct mds_queue unheld;    /* ordered here, and not yet held by the peer */
    struct mds_queue forwarded; /* given to the peer to be ordered, and not yet back */
    struct mds_ticket tickets[MDS_TICKETS_MAX];
};

/* `topology` and `world` outlive it. wall_offset_us: wall clock minus the driver's clock. */
void mds_init(struct mds *m, const struct topology *topology, struct proc_id self,
              const struct world *world, int64_t wall_offset_us);
/* One message that an earlier life stored. */
void mds_restore(struct mds *m, const struct msg *msg);
void mds_start(struct mds *m, struct instant now);
/* CONTROLLER: of PG sides, and of the other side as seen over the visible network. PRIVATE: of the
 * other side. */
void mds_message(struct mds *m, struct instant now, enum link link, struct proc_id peer,
                 const struct msg *msg);
void mds_link_up(struct mds *m, struct instant now, enum link link, struct proc_id peer);
void mds_link_down(struct mds *m, struct instant now, enum link link, struct proc_id peer);
void mds_stored(struct mds *m, struct instant now, uint64_t ticket);
struct instant mds_deadline(const struct mds *m);
void mds_tick(struct mds *m, struct instant now);

/* A sum of the routers' state: two sides that applied the same inputs have the same. */
uint64_t mds_sum(const struct mds *m);

#endif
