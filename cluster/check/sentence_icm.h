/* sentence_icm: what the scenarios promise of a duplexed central controller that loses a side. */
#ifndef CLUSTER_CHECK_SENTENCE_ICM_H
#define CLUSTER_CHECK_SENTENCE_ICM_H

#include "cluster/check/check.h"

/* The other side serves alone as soon as it has missed its partner. */
check_judge sentence_icm_alone;
/* No PG side changes. */
check_judge sentence_icm_pg_stays;
/* Every request for a route is answered, and none waits longer than the loss may last. */
check_judge sentence_icm_routed;
/* No record says that a call was cut. */
check_judge sentence_icm_whole;
/* The side that returns is given the state, and serves with the other one. */
check_judge sentence_icm_returns;
/* Both databases hold the same at the end. */
check_judge sentence_icm_loggers;

#endif
