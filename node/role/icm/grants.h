/* grants: which side of a PG pair is active, and under which epoch.
 *
 *          hello{epoch > highest}: the pair agreed over its private link
 *   none ───────────────────────────▶ pending ── stored ──▶ granted ── gave up ──▶ none
 *          hello, and the other side is not active or not linked, or is lighter and the pair apart
 *
 * A controller that has just started, or had lost all sides, gives the active one the time that a
 * link may be silent to come back: whoever comes back first is not granted what that one has
 * (PG-2).
 *
 * A grant is durable before it is told, so no restart gives one epoch to two sides. In a pair one
 * side of the controller may know nothing of what the other one granted alone: each begins epochs
 * of its own, A the even ones, B the odd ones. Only a PG side that acts already keeps the epoch it
 * has.
 */
#ifndef NODE_ROLE_ICM_GRANTS_H
#define NODE_ROLE_ICM_GRANTS_H

#include "node/base/topology.h"
#include "proto/world.h"

#define GRANTS_PAIRS_MAX 8

/* What a side said of itself since it is linked. */
struct grants_weight {
    bool told, apart;
    uint32_t devices;
};

struct grants_pair {
    uint32_t pair;
    uint32_t highest;        /* the highest epoch that was granted; durable */
    uint32_t begun;          /* up to here each may have been granted by a side that was alone */
    struct proc_id active;   /* none: nobody, or the side gave up */
    struct proc_id sides[2]; /* A, B; none where the topology has no such side */
    bool linked[2], met[2];  /* met: since there was no side at all */
    struct grants_weight weight[2];
    bool greeted[2];        /* it said hello over its present path */
    uint32_t hello[2];      /* the number of its last one, so that it can tell old answers */
    struct proc_id pending; /* its grant is on its way to disk */
    struct instant pending_since;
    uint32_t pending_epoch;
    enum reason pending_why; /* told when it is granted; not transferred to the other controller */
    uint64_t ticket;
};

struct grants {
    const struct topology *topology;
    const struct world *world;
    enum side orders; /* the side of a duplexed controller that orders; none: it has one side */
    struct instant patient_until; /* for sides that it has not met */
    uint32_t pairs_n;
    struct grants_pair pairs[GRANTS_PAIRS_MAX];
};

void grants_init(struct grants *g, const struct topology *topology, const struct world *world);
/* A grant of an earlier life (pg_grant); not `active`: one that only was. */
void grants_restore(struct grants *g, const struct msg_pg_grant *grant);
/* A grant that the other side of the controller gave while it was alone, and this one was, too. */
void grants_heard(struct grants *g, const struct msg_pg_grant *grant);
/* No side is linked, and nothing is on its way to disk: a side of the controller begins anew. */
void grants_begin(struct grants *g);
/* A side has a path, and said hello over it or not, as the other side of the controller tells. */
void grants_linked(struct grants *g, struct proc_id peer, bool greeted);
/* The path that a side spoke over is gone; it may have another one. */
void grants_path_lost(struct grants *g, struct proc_id peer);
void grants_link(struct grants *g, struct instant now, struct proc_id peer, bool up);
/* A side says hello. ERR_INVALID: it is not the side that it says, or its epoch cannot be; nothing
 * has changed.
 *
 * Upholds  PG-1: at most one active side per epoch
 * Source   docs/protocol.md, "PG pair" */
MUST_CHECK enum err grants_hello(struct grants *g, struct instant now, struct proc_id peer,
                                 const struct msg_pg_hello *hello);
/* A side says what it weighs. ERR_INVALID: it is not the side that it says; nothing has changed. */
MUST_CHECK enum err grants_weigh(struct grants *g, struct proc_id peer,
                                 const struct msg_pg_weight *weight);
/* The pair whose grant became durable with `ticket`, or NULL; call until it answers NULL. */
const struct grants_pair *grants_stored(struct grants *g, struct instant now, uint64_t ticket);
/* The pair of a process, or NULL if it is no PG side. */
const struct grants_pair *grants_of(const struct grants *g, struct proc_id peer);
/* Whether what `peer` says under `epoch` counts. */
bool grants_valid(const struct grants *g, struct proc_id peer, uint32_t epoch);

#endif
