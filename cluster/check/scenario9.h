/* scenario9: the sentences of scenario 9 (the private network is cut), each as a named check. */
#ifndef CLUSTER_CHECK_SCENARIO9_H
#define CLUSTER_CHECK_SCENARIO9_H

#include "cluster/check/check.h"

const struct check *scenario9_checks(size_t *ret_n);

#endif
