/* backend_netns: each process in a network namespace of its own (cluster/fault/network.h). */
#ifndef CLUSTER_CONTROL_BACKEND_NETNS_H
#define CLUSTER_CONTROL_BACKEND_NETNS_H

#include "cluster/control/backend.h"

extern const struct backend backend_netns;

#endif
