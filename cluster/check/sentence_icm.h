/* sentence_icm: what the scenarios promise of a duplexed central controller that loses a side. */
#ifndef CLUSTER_CHECK_SENTENCE_ICM_H
#define CLUSTER_CHECK_SENTENCE_ICM_H

#include "cluster/check/check.h"

/* When the request at place `nth` of the events was answered, or its call over; -1: not within
 * `bound` us. */
int64_t sentence_icm_answered(const struct history *h, size_t nth, int64_t bound);
/* Whether some logger stored the record of this key, as in TCD_WRITTEN. */
bool sentence_icm_stored(const struct history *h, int64_t key);
/* Every request for a route since the first fault of a side is answered within `bound` us. */
void sentence_icm_routed_within(const struct history *h, int64_t bound, struct check_result *ret);

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
