/* scenario2: the sentences of scenario 2 (the active PG side dies), each as a named check. */
#ifndef CLUSTER_CHECK_SCENARIO2_H
#define CLUSTER_CHECK_SCENARIO2_H

#include "cluster/check/check.h"

const struct check *scenario2_checks(size_t *ret_n);

#endif
