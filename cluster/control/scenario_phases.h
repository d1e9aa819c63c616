/* scenario_phases: given, when, then, finally: the steps of a scenario one after the other, on
 * whichever stage, and what they add to its verdict. */
#ifndef CLUSTER_CONTROL_SCENARIO_PHASES_H
#define CLUSTER_CONTROL_SCENARIO_PHASES_H

#include "cluster/control/scenario_step.h"

#include <jansson.h>

struct scenario_phases {
    struct scenario_step_stage stage; /* filled by the caller, but for target and trigger */
    int64_t began_us;
    bool quiet;        /* say nothing of steps that come */
    json_t *failed;    /* steps that did not come, as checks of the verdict */
    bool given_failed; /* one of them in the phase `given`: the run says nothing */
};

/* Play a scenario that suits the topology (scenario.h).
 * Steps that do not come in time are noted, and the run goes on: what follows tells how bad it is.
 * OUTCOME_DONE: to the end; OUTCOME_INTERRUPTED; anything else was said. */
MUST_CHECK int scenario_phases_run(struct scenario_phases *p, const struct scenario *s,
                                   const struct scenario_trigger *trigger);
/* Steps that failed become part of a verdict (JSON of the contract): a run whose start was not
 * reached is inconclusive, any other failed. */
void scenario_phases_add(const struct scenario_phases *p, json_t *verdict);
void scenario_phases_free(struct scenario_phases *p);

#endif
