/* scenario_show: the list of the scenarios, and what is in one of them, for whoever reads it. */
#ifndef CLUSTER_CONTROL_SCENARIO_SHOW_H
#define CLUSTER_CONTROL_SCENARIO_SHOW_H

#include "cluster/control/scenario.h"

#include <stdbool.h>

/* Those that can be played; then files that are refused are said: OUTCOME_CONFIG. */
MUST_CHECK int scenario_show_list(const struct scenario_all *all, bool json);
/* Its steps, its table, and what the checks of the table say. */
MUST_CHECK int scenario_show(const struct scenario *s, bool json);

#endif
