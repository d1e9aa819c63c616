/* sentence_flap: sentences about a PG side whose link to its CTI Manager comes and goes. */
#ifndef CLUSTER_CHECK_SENTENCE_FLAP_H
#define CLUSTER_CHECK_SENTENCE_FLAP_H

#include "cluster/check/check.h"

/* The side that was active at first loses the link again and again, at most of the cuts. */
check_judge sentence_flap_noticed;
/* The active side of the pair changes twice at most. */
check_judge sentence_flap_moves;
/* Once the first cut took it its provider, the other side takes over in time, with all monitors. */
check_judge sentence_flap_taken;
/* Calls are routed after the last cut. */
check_judge sentence_flap_routed;

#endif
