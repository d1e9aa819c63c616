/* scenario16: the sentences of scenario 16 (a link that flaps), each as a named check. */
#ifndef CLUSTER_CHECK_SCENARIO16_H
#define CLUSTER_CHECK_SCENARIO16_H

#include "cluster/check/check.h"

const struct check *scenario16_checks(size_t *ret_n);

#endif
