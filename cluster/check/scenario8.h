/* scenario8: the sentences of scenario 8 (the publisher and a subscriber die), each as a named
 * check. */
#ifndef CLUSTER_CHECK_SCENARIO8_H
#define CLUSTER_CHECK_SCENARIO8_H

#include "cluster/check/check.h"

const struct check *scenario8_checks(size_t *ret_n);

#endif
