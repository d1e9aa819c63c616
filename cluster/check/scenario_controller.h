/* scenario_controller: the sentences of the scenario in which a side of the duplexed central
 * controller dies, each as a named check. */
#ifndef CLUSTER_CHECK_SCENARIO_CONTROLLER_H
#define CLUSTER_CHECK_SCENARIO_CONTROLLER_H

#include "cluster/check/check.h"

const struct check *scenario_controller_checks(size_t *ret_n);

#endif
