/* sentence_split: sentences about a duplexed central controller whose private network is cut. */
#ifndef CLUSTER_CHECK_SENTENCE_SPLIT_H
#define CLUSTER_CHECK_SENTENCE_SPLIT_H

#include "cluster/check/check.h"

/* During each cut the side that the topology and the paths of the PG sides name serves alone, and
 * the other one leaves. */
check_judge sentence_split_alone;
/* At no time do both. */
check_judge sentence_split_one;
/* No request waits for longer than a silent path may last. */
check_judge sentence_split_routed;
/* What PG sides wrote since the first fault is stored. */
check_judge sentence_split_records;
/* After each cut the side that had left holds the state, and the rows, of the other one. */
check_judge sentence_split_returns;

#endif
