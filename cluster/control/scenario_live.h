/* scenario_live: what the steps of a scenario need, of a cluster of real processes. */
#ifndef CLUSTER_CONTROL_SCENARIO_LIVE_H
#define CLUSTER_CONTROL_SCENARIO_LIVE_H

#include "cluster/control/scenario_step.h"

struct scenario_live {
    const struct cluster *cluster;
    struct operator_desk *desk;
};

struct scenario_step_ways scenario_live(struct scenario_live *live);

#endif
