/* mds_order: the one order of the routers' inputs: given here, or taken from the side that gives
 * it. */
#ifndef NODE_ROLE_ICM_MDS_ORDER_H
#define NODE_ROLE_ICM_MDS_ORDER_H

#include "node/role/icm/mds.h"

/* Tell a PG side whether it may use its path to here. */
void mds_order_path(struct mds *m, struct proc_id pg, bool open);
/* The inner world of a pair's router. */
void mds_order_world(struct mds *m);
/* An input that this side heard of: ordered, given to the enabled side, or (this side serves
 * nobody) dropped. `msg` is the message of a MESSAGE, else NULL. */
void mds_order_input(struct mds *m, enum mds_input kind, struct proc_id pg, const struct msg *msg);
/* The other side has all inputs up to `seq`, and what they stored up to `stored`. */
void mds_order_ack(struct mds *m, const struct msg_mds_ack *ack);
/* More is on this side's disk. */
void mds_order_stored(struct mds *m, uint64_t ticket);
/* MDS_INPUT, or the message that follows it. False: it was none of the two. */
bool mds_order_private(struct mds *m, const struct msg *msg);

/* This side begins to order, alone, with a router that knows nothing. */
void mds_order_begin(struct mds *m);
/* This side, which was paired, orders alone from now on: what it has or gave away is its own. */
void mds_order_alone(struct mds *m);
/* This side serves nobody any more. */
void mds_order_end(struct mds *m);

/* Hand over the state of this side, which orders; take the other side's. */
void mds_order_give_state(struct mds *m);
/* ERR_OK with *ret_last: this side has the state. */
MUST_CHECK enum err mds_order_take_state(struct mds *m, const struct msg *msg, bool *ret_last);

#endif
