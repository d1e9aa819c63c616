/* node_op: what an operator may ask of a node: its status, lists, and a few orders. */
#ifndef NODE_PROCESS_NODE_OP_H
#define NODE_PROCESS_NODE_OP_H

#include "node/process/node.h"

void node_op_message(struct node *n, struct proc_id peer, const struct msg *msg);
/* What became of a proposal, or of a linearizable read, of an operator. */
void node_op_result(struct node *n, uint64_t ticket, enum reason reason, uint64_t index);
void node_op_read(struct node *n, uint64_t ticket, enum reason reason, uint64_t index);
/* The registry changed, or time passed: services that were started may be up, or too late. */
void node_op_look(struct node *n);
struct instant node_op_deadline(const struct node *n);

#endif
