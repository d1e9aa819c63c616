/* scenario_checks: the checks that the table of a scenario names as its results. */
#ifndef CLUSTER_CONTROL_SCENARIO_CHECKS_H
#define CLUSTER_CONTROL_SCENARIO_CHECKS_H

#include "cluster/check/check.h"
#include "node/base/nearest.h"

#include <stdbool.h>

/* The next word of "S2-NOTICED, S2-PG-B"; false: there is no more. */
bool scenario_checks_next(const char **at, char ret_id[CHECK_ID_LEN]);
/* An invariant, or a sentence of any scenario; NULL: there is no such check. `ret_near` says which
 * is the nearest; NULL: nobody asks. */
const struct check *scenario_checks_find(const char *id, struct nearest *ret_near);
/* Whether the runs of this scenario are judged by it. */
bool scenario_checks_judges(const struct check *check, const char *scenario);

#endif
