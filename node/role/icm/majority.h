/* majority: whether a side of a duplexed controller may serve while it cannot hear the other one
 * over the private network.
 *
 * Device majority: side A needs paths from at least half of the PG sides, side B from more than
 * half. That is no quorum, both may have it; so each side also tests the other one over the visible
 * network. B leaves the control to an A that has the majority; an A that is not enabled leaves it
 * to a B that is. A side that has just started, or slept, waits a while for the private link first.
 *
 * Source: docs/adr/0015-duplexed-controller.md */
#ifndef NODE_ROLE_ICM_MAJORITY_H
#define NODE_ROLE_ICM_MAJORITY_H

#include "node/base/topology.h"
#include "proto/msg.h"

struct majority {
    const struct topology *topology;
    enum side side;
    uint32_t devices, devices_all; /* PG sides with a path to here; of the topology */
    bool tested;                   /* the other side answers over the visible network */
    struct msg_mds_status other;   /* what it said; only then */
    struct instant not_before;
};

void majority_init(struct majority *m, const struct topology *topology, enum side side);
/* From now on, and for as long as a link may be silent, this side waits for the other one. */
void majority_wait(struct majority *m, struct instant now);
/* It has met the other one. */
void majority_met(struct majority *m, struct instant now);
/* What the other side says of itself over the visible network; NULL: it cannot be reached. */
void majority_test(struct majority *m, const struct msg_mds_status *other);
/* Whether enough PG sides have a path to this side. */
bool majority_reached(const struct majority *m);
/* Whether this side, one of a pair until now, may serve alone with what it has. */
bool majority_may_go_on(const struct majority *m, struct instant now);
/* Whether this side, isolated, may begin to serve now, with nothing. Not while the other one
 * orders: that one hears it already and is a pair with it, or will miss it and say what it is then.
 */
bool majority_may_begin(const struct majority *m, struct instant now);
/* Whether this side, isolated and serving, has to stop: the other one serves, and goes first. */
bool majority_must_end(const struct majority *m);

#endif
