/* scenario_write: writes of configuration and user data that are tried, to see whether they are
 * taken. */
#ifndef CLUSTER_CONTROL_SCENARIO_WRITE_H
#define CLUSTER_CONTROL_SCENARIO_WRITE_H

#include "cluster/control/scenario.h"
#include "cluster/control/survey.h"

/* Try it at every node that is up in the scene; a write that is taken has no effect on calls.
 * Whether all who may take it did (`accepted`: configuration only the publisher, user data every
 * node), or all refused; at least one was asked. `ret_why`: who did not. */
bool scenario_write_is(struct operator_desk *o, const struct topology *t, const struct scene *s,
                       enum scenario_write write, bool accepted, char ret_why[SCENE_WHY_LEN]);

#endif
