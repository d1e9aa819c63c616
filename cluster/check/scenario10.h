/* scenario10: the sentences of scenario 10 (the active PG side loses the visible network), each as
 * a named check. */
#ifndef CLUSTER_CHECK_SCENARIO10_H
#define CLUSTER_CHECK_SCENARIO10_H

#include "cluster/check/check.h"

const struct check *scenario10_checks(size_t *ret_n);

#endif
