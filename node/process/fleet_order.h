/* fleet_order: what an operator lets one phone or one agent do, with its effect awaited.
 *
 *   order --> refused here | asked --> refused there | effect seen | not seen in time
 *                                 \--> noted: an agent in a call is (not) ready after it
 *   no desktop is open: the agent asks as soon as one is
 *
 * Answers are op_done: NONE with FLEET_ORDER_NOTED as its value is a promise, not an effect. */
#ifndef NODE_PROCESS_FLEET_ORDER_H
#define NODE_PROCESS_FLEET_ORDER_H

#include "node/process/fleet.h"

#define FLEET_ORDER_NOTED   1 /* op_done.value: it takes effect after the call */
#define FLEET_ORDER_NO_WAIT 1 /* op_command.value: answer when it is asked */

/* Press a key of a phone (number, key, to). */
void fleet_order_phone(struct fleet *f, struct proc_id peer, const struct msg_op_command *c);
/* Let an agent ask the PG for something (agent, request). */
void fleet_order_agent(struct fleet *f, struct proc_id peer, const struct msg_op_command *c);
/* Something happened at a phone: whoever waits for it is answered. */
void fleet_order_notice(struct fleet *f, const struct notice *notice);
/* A desktop message came for an agent; it has been dealt with. */
void fleet_order_desktop(struct fleet *f, struct agent *a, const struct msg *msg);
/* The operator went away. */
void fleet_order_gone(struct fleet *f, struct proc_id peer);
struct instant fleet_order_deadline(const struct fleet *f);
void fleet_order_tick(struct fleet *f);

#endif
