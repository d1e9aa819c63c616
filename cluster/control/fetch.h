/* fetch: what processes of other machines wrote becomes files of the cluster's folder here, as if
 * they had been written here: on our clocks, line by line, each line once. */
#ifndef CLUSTER_CONTROL_FETCH_H
#define CLUSTER_CONTROL_FETCH_H

#include "cluster/control/home.h"

/* Take what was added to event files and call logs since the last time; with `all`, copy logs and
 * the databases of call records, too. A machine that cannot be reached is named, and what it has is
 * taken next time. Says what else is wrong. */
MUST_CHECK int fetch_take(const struct cluster *c, bool all);

#endif
