/* scenario1_agents: the sentences of scenario 1 about PG sides and agents; what each promises
 * stands in the table of scenario1.c. */
#ifndef CLUSTER_CHECK_SCENARIO1_AGENTS_H
#define CLUSTER_CHECK_SCENARIO1_AGENTS_H

#include "cluster/check/check.h"

check_judge scenario1_agents_pg_a;
check_judge scenario1_agents_pg_b;
check_judge scenario1_agents_routed;
check_judge scenario1_agents_out;
check_judge scenario1_agents_back;

#endif
