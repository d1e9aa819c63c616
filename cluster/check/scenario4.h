/* scenario4: the sentences of scenario 4 (the CTI Manager that serves the active PG side dies),
 * each as a named check. */
#ifndef CLUSTER_CHECK_SCENARIO4_H
#define CLUSTER_CHECK_SCENARIO4_H

#include "cluster/check/check.h"

const struct check *scenario4_checks(size_t *ret_n);

#endif
