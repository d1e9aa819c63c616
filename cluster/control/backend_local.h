/* backend_local: all processes on this machine, each at an address of its own in the block 127.x.y.
 */
#ifndef CLUSTER_CONTROL_BACKEND_LOCAL_H
#define CLUSTER_CONTROL_BACKEND_LOCAL_H

#include "cluster/control/backend.h"

extern const struct backend backend_local;

#endif
