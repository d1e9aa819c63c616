/* sentence_pg: sentences about the sides of a PG pair: who loses the control, who takes it, and who
 * keeps it. */
#ifndef CLUSTER_CHECK_SENTENCE_PG_H
#define CLUSTER_CHECK_SENTENCE_PG_H

#include "cluster/check/check.h"

/* How many monitors an active side of the pair has to have, by the topology. */
uint64_t sentence_pg_monitors(const struct history *h, uint32_t pair);

/* The active side lost its provider, and turned to no other CTI Manager. */
check_judge sentence_pg_lost;
/* The other side missed its heartbeats. */
check_judge sentence_pg_noticed;
/* The other side confirmed all its monitors, then was active. */
check_judge sentence_pg_taken;
/* The other side took over, or the active one kept the control: as the topology has it. */
check_judge sentence_pg_as_due;
check_judge sentence_pg_routed;
/* Who had the control before is back, holds the state of the side that has it now, and waits. */
check_judge sentence_pg_stands_by;
/* Nothing changed with the return. */
check_judge sentence_pg_stays;

#endif
