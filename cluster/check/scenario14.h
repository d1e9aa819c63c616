/* scenario14: the sentences of scenario 14 (no controller), each as a named check. */
#ifndef CLUSTER_CHECK_SCENARIO14_H
#define CLUSTER_CHECK_SCENARIO14_H

#include "cluster/check/check.h"

const struct check *scenario14_checks(size_t *ret_n);

#endif
