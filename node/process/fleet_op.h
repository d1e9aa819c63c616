/* fleet_op: the fleet's answers to operators: status, lists, and orders with their effect awaited.
 */
#ifndef NODE_PROCESS_FLEET_OP_H
#define NODE_PROCESS_FLEET_OP_H

#include "node/process/fleet.h"

void fleet_op_message(struct fleet *f, struct proc_id peer, const struct msg *msg);
/* Something happened at a phone: whoever waits for it is answered. */
void fleet_op_notice(struct fleet *f, const struct notice *notice);
/* A desktop message came for an agent; it has been dealt with. */
void fleet_op_desktop(struct fleet *f, const struct agent *a, const struct msg *msg);
/* The operator went away. */
void fleet_op_gone(struct fleet *f, struct proc_id peer);
struct instant fleet_op_deadline(const struct fleet *f);
void fleet_op_tick(struct fleet *f);

#endif
