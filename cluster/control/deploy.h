/* deploy: puts what the daemons read on the machines of a cluster, and takes it away again. */
#ifndef CLUSTER_CONTROL_DEPLOY_H
#define CLUSTER_CONTROL_DEPLOY_H

#include "cluster/control/machines.h"

/* Check each machine (addresses, programs, and that no other cluster has its state there), and give
 * it the topology, the addresses, everybody's public keys and its own secret one. All at the same
 * time; the first that is wrong is said. */
MUST_CHECK int deploy_all(const struct cluster *c);
/* Undo cuts and holds; with `destroy`, remove what was deployed and the state. A machine that
 * cannot be reached is named and left as it is. */
MUST_CHECK int deploy_remove(const struct cluster *c, bool destroy);

#endif
