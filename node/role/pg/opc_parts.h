/* opc_parts: what the files of the OPC share: tables, agents, calls. Nobody else includes this. */
#ifndef NODE_ROLE_PG_OPC_PARTS_H
#define NODE_ROLE_PG_OPC_PARTS_H

#include "node/role/pg/opc.h"

/* opc_table: places for calls and legs. NULL: none, or the table is full. */
struct opc_call *opc_table_call(struct opc *o, struct call_id id);
struct opc_call *opc_table_add_call(struct opc *o, struct call_id id);
struct opc_leg *opc_table_leg(struct opc *o, struct call_id call, struct device_id device);
/* A live leg with the key of its call. */
struct opc_leg *opc_table_add_leg(struct opc *o, struct opc_call *call, struct device_id device);
/* The leg goes over to another call; it keeps its keys. */
void opc_table_move_leg(struct opc *o, struct opc_leg *leg, struct opc_call *to);
/* The leg is over: it counts no more, but keeps its place. */
void opc_table_end_leg(struct opc *o, struct opc_leg *leg);
/* Give the place of an ended leg back, and that of its call if it was the last one. */
void opc_table_drop_leg(struct opc *o, struct opc_leg *leg);
/* Give the place of a call without legs back. */
void opc_table_drop_call(struct opc *o, struct opc_call *call);
void opc_table_clear(struct opc *o);
/* The live leg that the device began last, besides `other`; which may be NULL. */
struct opc_leg *opc_table_youngest(struct opc *o, struct device_id device,
                                   const struct opc_leg *other);
uint32_t opc_table_place(const struct opc *o, const struct opc_leg *leg);

/* opc_agent: what people and their phones do. */
void opc_agent_request(struct opc *o, const struct msg_private_input *in);
void opc_agent_wrapup(struct opc *o, const struct msg_private_input *in);
void opc_agent_set(struct opc *o, struct opc_agent *a, enum agent_state state, uint32_t code);
/* A call begins, or goes on, at the agent's phone; nothing happens to who is logged off. */
void opc_agent_busy(struct opc *o, struct opc_agent *a, enum agent_state state);
/* No call is there any more: the wrap-up of one that ended before the others, or READY or NOT_READY
 * again. */
void opc_agent_settle(struct opc *o, struct opc_agent *a);
/* The agent is promised to a call, or no more. */
void opc_agent_reserve(struct opc *o, struct opc_agent *a, struct call_id call);
void opc_agent_release(struct opc *o, struct opc_agent *a);
/* Write the row of the leg in wrap-up, if there is one. `keep`: with its wrap-up data. */
void opc_agent_finish(struct opc *o, struct opc_agent *a, bool keep);
/* The phone came into service or went out of it, under an epoch. */
void opc_agent_service(struct opc *o, struct opc_agent *a, bool in_service, uint32_t epoch);
/* A leg on the agent's phone ended: wrap-up, or not ready, or as before. */
void opc_agent_leg_ended(struct opc *o, struct opc_agent *a, struct opc_leg *leg);
struct opc_agent *opc_agent_on(struct opc *o, struct device_id device);
void opc_agent_tick(struct opc *o);

/* opc_call: what devices tell. */
void opc_call_event(struct opc *o, const struct msg_device_event *event);
void opc_call_monitored(struct opc *o, const struct msg_private_input *in);
void opc_call_routed(struct opc *o, const struct msg_private_input *in);
void opc_call_route_failed(struct opc *o, const struct msg_private_input *in);
/* The reservation of an agent ran out: if the call still waits, it is routed again. */
void opc_call_unanswered(struct opc *o, struct call_id id, const struct opc_agent *a);
/* Cut what is in view: a row for each, once, with what is known. */
void opc_call_cut_all(struct opc *o, enum reason reason);
void opc_call_cut_device(struct opc *o, struct device_id device, enum reason reason);
void opc_call_tick(struct opc *o);

/* opc_kind: what kind of leg it is, and which calls belong together. */
/* The call type of a leg that no route and no transfer brought here. */
uint32_t opc_kind_of(const struct opc *o, const struct opc_leg *leg);
/* The leg was dialled while its device had another one: one call is the other's parent and child.
 */
void opc_kind_consult(struct opc *o, struct opc_leg *leg);
/* The leg is in the call by a transfer: it is one more leg of the router's call, unless it has a
 * key of its own. */
void opc_kind_transferred(struct opc_leg *leg, struct opc_call *to);

/* opc: outputs and deadlines. */
void opc_put(struct opc *o, const struct opc_output *output);
void opc_wake(struct opc *o, int64_t at_us);

#endif
