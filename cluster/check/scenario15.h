/* scenario15: the sentences of scenario 15 (a split controller), each as a named check. */
#ifndef CLUSTER_CHECK_SCENARIO15_H
#define CLUSTER_CHECK_SCENARIO15_H

#include "cluster/check/check.h"

const struct check *scenario15_checks(size_t *ret_n);

#endif
