/* scenario1_return: the sentences of scenario 1 about the return of the subscriber; what each
 * promises stands in the table of scenario1.c. */
#ifndef CLUSTER_CHECK_SCENARIO1_RETURN_H
#define CLUSTER_CHECK_SCENARIO1_RETURN_H

#include "cluster/check/check.h"

check_judge scenario1_return_idle;
check_judge scenario1_return_busy;
check_judge scenario1_return_gateways;
check_judge scenario1_return_pg;
check_judge scenario1_return_hash;

#endif
