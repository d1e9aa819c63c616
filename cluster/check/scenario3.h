/* scenario3: the sentences of scenario 3 (only the CallManager that serves the phones dies), each
 * as a named check. */
#ifndef CLUSTER_CHECK_SCENARIO3_H
#define CLUSTER_CHECK_SCENARIO3_H

#include "cluster/check/check.h"

const struct check *scenario3_checks(size_t *ret_n);

#endif
