/* scenario12: the sentences of scenario 12 (all are started anew), each as a named check. */
#ifndef CLUSTER_CHECK_SCENARIO12_H
#define CLUSTER_CHECK_SCENARIO12_H

#include "cluster/check/check.h"

const struct check *scenario12_checks(size_t *ret_n);

#endif
