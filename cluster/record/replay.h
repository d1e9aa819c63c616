/* replay: what a recorded run looked like at a moment, as a scene: who was up, who led, which node
 * served which device, which calls were up, what the agents did.
 *
 * Pure: a prepared history in, a scene and its lists out; no clock, no cluster. It runs forward
 * from event to event and starts anew to go back, so a moment later costs what happened since.
 *
 * The registry of a node is never guessed: every node applies the same log, so what one node traced
 * for an index holds for all, and a node knows of it all up to the index that it has shown. */
#ifndef CLUSTER_RECORD_REPLAY_H
#define CLUSTER_RECORD_REPLAY_H

#include "cluster/check/history.h"
#include "cluster/record/scene.h"

struct replay;

/* `wall_us`: the wall clock at 0 of the history's clock. The history is borrowed.
 * Errors   ERR_MEMORY */
MUST_CHECK enum err replay_new(const struct history *history, int64_t wall_us,
                               struct replay **ret_replay);
void replay_free(struct replay **replay);

/* The last moment at which the run was still whole: before its processes were stopped politely for
 * good; the end of the record if none was. */
int64_t replay_end(const struct history *history);

/* Go to a moment; the sums of *ret_scene are made.
 * Errors   ERR_MEMORY */
MUST_CHECK enum err replay_to(struct replay *replay, int64_t at_us, struct scene *ret_scene);
/* Of the moment that was gone to. Rows are the caller's, in the order of the live lists; `since_us`
 * and `for_us` are on the history's clock.
 * Errors   ERR_MEMORY; devices also ERR_STATE: the node is not up */
MUST_CHECK enum err replay_devices(const struct replay *replay, struct proc_id node,
                                   struct msg_op_device **ret_rows, uint32_t *ret_n,
                                   uint64_t *ret_index);
MUST_CHECK enum err replay_calls(struct replay *replay, struct msg_op_call **ret_rows,
                                 uint32_t *ret_n);
/* Of the pairs that have an active side. */
MUST_CHECK enum err replay_agents(const struct replay *replay, struct msg_op_agent **ret_rows,
                                  uint32_t *ret_n);
/* Where the devices are, as scene_node of *scene has it; as scene_no_homes if there is none. */
MUST_CHECK enum err replay_homes(struct replay *replay, const struct scene *scene,
                                 struct scene_homes *ret_homes);

#endif
