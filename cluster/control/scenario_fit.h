/* scenario_fit: whether what a scenario names outside of its file is there: a topology, its
 * processes, checks; and whether no other scenario has its name or number. */
#ifndef CLUSTER_CONTROL_SCENARIO_FIT_H
#define CLUSTER_CONTROL_SCENARIO_FIT_H

#include "cluster/control/scenario.h"
#include "node/base/topology.h"

#include <stdio.h>

/* Complain, with line and column, about what is not there. `topology_or_null` is what it is to be
 * played on, NULL: the one that it names.
 * Errors   ERR_INVALID  at least one complaint
 *          ERR_IO       the file cannot be read any more */
MUST_CHECK enum err scenario_fit(const struct scenario *s, const struct topology *topology_or_null,
                                 FILE *complaints);
/* Complain if one of the others has its name or its number; both files are named. */
MUST_CHECK enum err scenario_fit_beside(const struct scenario *s, const struct scenario_all *others,
                                        FILE *complaints);

#endif
