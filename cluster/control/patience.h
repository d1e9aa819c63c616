/* patience: how long is waited for others. */
#ifndef CLUSTER_CONTROL_PATIENCE_H
#define CLUSTER_CONTROL_PATIENCE_H

#include "node/base/topology.h"

/* By how much more than in lab everybody has to be waited for: the profile slow is for machines
 * that are, and its elections take as much longer. */
uint32_t patience_of(const struct topology *t);

#endif
