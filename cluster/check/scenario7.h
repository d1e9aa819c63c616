/* scenario7: the sentences of scenario 7 (the publisher dies), each as a named check. */
#ifndef CLUSTER_CHECK_SCENARIO7_H
#define CLUSTER_CHECK_SCENARIO7_H

#include "cluster/check/check.h"

const struct check *scenario7_checks(size_t *ret_n);

#endif
