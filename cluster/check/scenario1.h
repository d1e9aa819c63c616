/* scenario1: the sentences of scenario 1 (a subscriber dies with its CallManager and the CTI
 * Manager of the active PG side), each as a named check. */
#ifndef CLUSTER_CHECK_SCENARIO1_H
#define CLUSTER_CHECK_SCENARIO1_H

#include "cluster/check/check.h"

const struct check *scenario1_checks(size_t *ret_n);

#endif
