/* scenario_sim: a scenario in virtual time: the same file, the same steps, the same judges as on
 * real processes. */
#ifndef CLUSTER_CONTROL_SCENARIO_SIM_H
#define CLUSTER_CONTROL_SCENARIO_SIM_H

#include "cluster/check/check.h"
#include "cluster/control/scenario.h"
#include "cluster/sim/sim_swarm.h"

#include <jansson.h>

struct scenario_sim_options {
    const struct scenario *scenario;
    const struct scenario_trigger *trigger;
    const char *topology; /* NULL: the scenario's */
    const char *profile;  /* NULL: the topology's */
    uint64_t seed;        /* of the world, and of the traffic */
    const char *folder;   /* where the run is kept; NULL: nowhere */
    bool quiet;
};

/* `*ret_outcome`: the judges' results; a step that did not come is one of them. `*ret_verdict` (may
 * be NULL; only with a folder): the verdict as JSON. Answers OUTCOME_DONE if it was judged,
 * whatever the verdict; else it says what is wrong. */
MUST_CHECK int scenario_sim_run(const struct scenario_sim_options *options,
                                struct sim_outcome *ret_outcome, json_t **ret_verdict);

#endif
