/* scenario6: the sentences of scenario 6 (a subscriber and its backup die), each as a named check.
 */
#ifndef CLUSTER_CHECK_SCENARIO6_H
#define CLUSTER_CHECK_SCENARIO6_H

#include "cluster/check/check.h"

const struct check *scenario6_checks(size_t *ret_n);

#endif
