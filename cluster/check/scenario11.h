/* scenario11: the sentences of scenario 11 (it loses both networks), each as a named check. */
#ifndef CLUSTER_CHECK_SCENARIO11_H
#define CLUSTER_CHECK_SCENARIO11_H

#include "cluster/check/check.h"

const struct check *scenario11_checks(size_t *ret_n);

#endif
