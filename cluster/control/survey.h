/* survey: ask all processes of a living cluster what they are, at one moment. */
#ifndef CLUSTER_CONTROL_SURVEY_H
#define CLUSTER_CONTROL_SURVEY_H

#include "cluster/control/operator.h"
#include "cluster/record/scene.h"

/* What does not answer within the time is down, hung or starting. */
void survey_take(struct operator_desk *o, const struct cluster *c, uint32_t timeout_ms,
                 struct scene *ret);

/* The process answered op_status. */
void survey_answer(struct scene_proc *p, const struct msg *answer);

/* All devices as one node has them, in the order of their numbers; `*ret_rows` is freed by the
 * caller. `*ret_reason`: why a linearizable read was refused. */
MUST_CHECK enum err survey_devices(struct operator_desk *o, struct proc_id node, bool linearizable,
                                   struct msg_op_device **ret_rows, uint32_t *ret_n,
                                   uint64_t *ret_index, enum reason *ret_reason);
MUST_CHECK enum err survey_calls(struct operator_desk *o, struct proc_id who,
                                 struct msg_op_call **ret_rows, uint32_t *ret_n);
MUST_CHECK enum err survey_agents(struct operator_desk *o, struct proc_id who,
                                  struct msg_op_agent **ret_rows, uint32_t *ret_n);
/* Where the devices are, as scene_node has it. ERR_STATE: no node is up; as scene_no_homes then. */
MUST_CHECK enum err survey_homes(struct operator_desk *o, const struct cluster *c,
                                 const struct scene *s, struct scene_homes *ret);

#endif
