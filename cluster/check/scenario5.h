/* scenario5: the sentences of scenario 5 (the CTI Manager of one PG side and the other PG side are
 * gone), each as a named check. */
#ifndef CLUSTER_CHECK_SCENARIO5_H
#define CLUSTER_CHECK_SCENARIO5_H

#include "cluster/check/check.h"

const struct check *scenario5_checks(size_t *ret_n);

#endif
