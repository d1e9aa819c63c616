/* scenario_break: the steps of a scenario that break processes, cut networks, and undo it. */
#ifndef CLUSTER_CONTROL_SCENARIO_BREAK_H
#define CLUSTER_CONTROL_SCENARIO_BREAK_H

#include "cluster/control/scenario_step.h"

/* Do as the step says, SCENARIO_BREAK or SCENARIO_CUT, by the stage's newest scene. */
MUST_CHECK int scenario_break_make(struct scenario_step_stage *stage,
                                   const struct scenario_step *step);
/* Do as a step says that is SCENARIO_FLAP: the same cut again and again, healed in between, each
 * for the same part of `within`. Whoever plays a role then is cut every time. OUTCOME_INTERRUPTED:
 * the network is whole. */
MUST_CHECK int scenario_break_flap(struct scenario_step_stage *stage,
                                   const struct scenario_step *step, struct duration within);
/* Undo what was done to whom the step names, or everything, the oldest first. */
MUST_CHECK int scenario_break_undo(struct scenario_step_stage *stage,
                                   const struct scenario_step *step);
/* Whether a process, or a service of it, is broken now. */
bool scenario_break_met(const struct scenario_step_stage *stage, struct proc_id proc);

#endif
