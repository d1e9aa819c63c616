/* fleet_op: the fleet's answers to operators: status, lists, and whom an order is for. */
#ifndef NODE_PROCESS_FLEET_OP_H
#define NODE_PROCESS_FLEET_OP_H

#include "node/process/fleet.h"

void fleet_op_message(struct fleet *f, struct proc_id peer, const struct msg *msg);
/* For fleet_order: the answer to an order. */
void fleet_op_done(struct fleet *f, struct proc_id peer, uint64_t id, enum reason reason,
                   uint64_t value, const char *text);

#endif
