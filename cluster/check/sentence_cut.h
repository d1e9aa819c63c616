/* sentence_cut: sentences about PG sides whose networks are cut: which of them goes on, under which
 * epoch, and that no two do. */
#ifndef CLUSTER_CHECK_SENTENCE_CUT_H
#define CLUSTER_CHECK_SENTENCE_CUT_H

#include "cluster/check/check.h"

/* Both sides miss each other's heartbeats when the private network is cut. */
check_judge sentence_cut_noticed;
/* Of equals the active one stays: at the first cut of the private network. */
check_judge sentence_cut_keeps;
/* The heavier one takes over: at the last cut of the private network. */
check_judge sentence_cut_heavier;
/* The side that was active lets go; the other one takes over with all monitors. */
check_judge sentence_cut_lets_go;
check_judge sentence_cut_taken;
/* The controller accepts one side at a time, each under a newer epoch. */
check_judge sentence_cut_one;
/* Calls are routed during each cut. */
check_judge sentence_cut_routed;
/* After the last cut the side that was replaced holds the state of the other one, which stays. */
check_judge sentence_cut_stands_by;
check_judge sentence_cut_stays;

#endif
