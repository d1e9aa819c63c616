/* outbox: which of a PG side's records are on disk, so that they can be acknowledged.
 *
 * A record is accepted under any epoch: what was written at a failure must never be lost. The wait
 * is a bounded ring; when it is full the last entry stands for the new record too, and the
 * acknowledgement only comes later. */
#ifndef NODE_ROLE_ICM_OUTBOX_H
#define NODE_ROLE_ICM_OUTBOX_H

#include "node/base/topology.h"
#include "proto/world.h"

#define OUTBOX_WAITING_MAX 1024

struct outbox_entry {
    uint64_t ticket;
    uint64_t outbox;
};

struct outbox_side {
    uint32_t first, n;
    struct outbox_entry waiting[OUTBOX_WAITING_MAX];
};

struct outbox {
    struct outbox_side sides[PROCS_MAX];
};

void outbox_init(struct outbox *o);
/* A record of `peer` was given to the store. Records come in the order of their outbox numbers. */
void outbox_add(struct outbox *o, struct proc_id peer, uint64_t ticket, uint64_t outbox);
/* The highest outbox number of `peer` that `ticket` made durable since the last call; 0: none. */
uint64_t outbox_stored(struct outbox *o, struct proc_id peer, uint64_t ticket);

#endif
